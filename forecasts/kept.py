"""Models and lessons as bytes and back, for the database and between processes: JSON, arrays and LightGBM's text in one `.npz`.

What is read is data only: classes are those that models and lessons are declared to be made of, and nothing is ever run, so that
who can write to the database cannot make the daemon run code, as a pickle would.
"""

import io
import json
import zipfile
from collections.abc import Container
from dataclasses import fields, is_dataclass
from datetime import date
from typing import Any, TypeVar, get_args, get_type_hints

import lightgbm
import numpy as np

from forecasts.localtime import Calendar
from forecasts.training import Lessons, Models
from v2g.errors import InputError

SCHEMA = 1
"""To be raised whenever models learnt by the last release must not be used by this one: when what they learn from changes."""
T = TypeVar("T")
ARRAY, BOOSTER, CALENDAR, KIND = "array", "booster", "calendar", "kind"
DAMAGE = (KeyError, TypeError, ValueError, AttributeError, OSError, EOFError, zipfile.BadZipFile, lightgbm.basic.LightGBMError)
"""What reading bytes that were cut short, overwritten or written by another release may raise."""


def _kinds(*roots: type) -> dict[str, Any]:
    """Return the dataclasses that values of `roots` are made of, by name, as their type hints tell."""
    found: dict[str, Any] = {}
    waiting: list[Any] = list(roots)
    while waiting:
        kind = waiting.pop()
        waiting += get_args(kind)
        if isinstance(kind, type) and is_dataclass(kind) and kind.__name__ not in found:
            found[kind.__name__] = kind
            waiting += get_type_hints(kind, localns={"lightgbm": lightgbm}).values()
    return found


KINDS = _kinds(Models, Lessons)


def pack(value: Any) -> bytes:
    """Return a value of `KINDS` as bytes. Raises `TypeError` if it holds anything else."""
    arrays: dict[str, Any] = {}
    text = json.dumps({"schema": SCHEMA, "value": _tree(value, arrays)})
    stream = io.BytesIO()
    np.savez_compressed(stream, tree=_bytes(text), **arrays)
    return stream.getvalue()


def unpack(kind: type[T], packed: bytes, holidays: Container[date] = frozenset()) -> T:
    """Return what `pack` was given, its calendars with `holidays`. Raises `InputError` if it is damaged or of another schema."""
    try:
        with np.load(io.BytesIO(packed), allow_pickle=False) as arrays:
            head = json.loads(_text(arrays["tree"]))
            if head["schema"] != SCHEMA:
                raise InputError(f"models of schema {head['schema']}, this release has {SCHEMA}", mend="learn anew")
            value = _value(head["value"], arrays, holidays)
    except DAMAGE as error:
        raise InputError(f"these are no models of this release: {error}", mend="learn anew") from error
    if not isinstance(value, kind):
        raise InputError(f"this is a {type(value).__name__}, no {kind.__name__}", mend="learn anew")
    return value


def _tree(value: Any, arrays: dict[str, Any]) -> Any:
    match value:
        case None | bool() | int() | float() | str():
            return value
        case tuple():
            return [_tree(item, arrays) for item in value]
        case np.ndarray():
            return {ARRAY: _put(value, arrays)}
        case lightgbm.Booster():
            return {BOOSTER: _put(_bytes(value.model_to_string()), arrays)}
        case Calendar():
            return {CALENDAR: {"time_zone": value.time_zone, "typed": value.typed}}
    name = type(value).__name__
    if not is_dataclass(value) or name not in KINDS:
        raise TypeError(f"a {name} cannot be kept")
    return {KIND: name, **{f.name: _tree(getattr(value, f.name), arrays) for f in fields(value)}}


def _value(tree: Any, arrays: Any, holidays: Container[date]) -> Any:
    match tree:
        case list():
            return tuple(_value(item, arrays, holidays) for item in tree)
        case {"kind": name, **items}:
            return KINDS[name](**{str(key): _value(item, arrays, holidays) for key, item in items.items()})
        case {"array": name}:
            return arrays[name]
        case {"booster": name}:
            return lightgbm.Booster(model_str=_text(arrays[name]))
        case {"calendar": facts}:
            return Calendar(**facts, holidays=holidays)
    return tree


def _put(array: Any, arrays: dict[str, Any]) -> str:
    name = f"a{len(arrays)}"
    arrays[name] = array
    return name


def _bytes(text: str) -> Any:
    return np.frombuffer(text.encode(), dtype=np.uint8)


def _text(array: Any) -> str:
    return bytes(array).decode()
