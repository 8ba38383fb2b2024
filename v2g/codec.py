"""Values to JSON and back: frozen dataclasses, enums, instants and arrays, by their type hints; decode ∘ encode = id.

Non-finite numbers become the strings "NaN", "Infinity" and "-Infinity", so that what is written is strict JSON.
An array with nothing in it is its shape, which a list could not tell.
"""

import json
import math
import types
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from itertools import chain
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np

from v2g.errors import InputError

T = TypeVar("T")
TAG, SHAPE = "type", "shape"
JSON = json.JSONEncoder(separators=(",", ":"), allow_nan=False)


def encode(value: Any) -> Any:
    """Return `value` as dicts, lists, strings, numbers, booleans and None. Dataclasses carry their class name as "type"."""
    match value:
        case None | bool() | int() | str() if not isinstance(value, Enum):
            return value
        case Enum():
            return value.value
        case float():
            return _encode_float(value)
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case np.ndarray():
            return _encode_array(value)
        case np.generic():
            return encode(value.item())
        case list() | tuple():
            return [encode(item) for item in value]
        case Mapping():
            return {str(key): encode(item) for key, item in value.items()}
    if is_dataclass(value):
        return {TAG: type(value).__name__, **{f.name: encode(getattr(value, f.name)) for f in fields(value) if f.init}}
    raise TypeError(f"cannot encode a {type(value).__name__}")


def written(value: Any, depth: int = 3) -> Iterator[str]:
    """Yield the JSON of `value` in pieces, which together are the text of `encode`'s.

    What lies `depth` levels down or deeper is a piece each. A tick of 5,000 units written at once takes 72 MB for a moment, and
    holds up all other threads meanwhile.
    """
    if depth and isinstance(value, list | tuple):
        yield from _enclosed("[", (("", item) for item in value), "]", depth)
    elif depth and isinstance(value, Mapping):
        yield from _enclosed("{", ((f"{JSON.encode(str(key))}:", item) for key, item in value.items()), "}", depth)
    elif depth and is_dataclass(value) and not isinstance(value, type):
        told = ((f'"{f.name}":', getattr(value, f.name)) for f in fields(value) if f.init)
        yield from _enclosed("{", chain(((f'"{TAG}":', type(value).__name__),), told), "}", depth)
    else:
        yield JSON.encode(encode(value))


def _enclosed(start: str, items: Iterable[tuple[str, Any]], end: str, depth: int) -> Iterator[str]:
    yield start
    for i, (key, item) in enumerate(items):
        yield f",{key}" if i else key
        yield from written(item, depth - 1)
    yield end


def decode(kind: type[T], data: Any, place: str = "$") -> T:
    """Return `data` as a `kind`. Raises `InputError` naming the place in `data` that does not fit."""
    try:
        value: T = _decode(kind, data, place)
    except InputError:
        raise
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise InputError(f"this is no {getattr(kind, '__name__', kind)}: {error}", place=place) from error
    return value


def _encode_array(value: np.ndarray[Any, Any]) -> Any:
    if value.ndim > 1 and not value.size:
        return {SHAPE: list(value.shape)}
    # Numbers that are all finite are JSON as they are: a fleet's arrays in milliseconds, not seconds.
    plain = value.dtype.kind in "fiub" and bool(np.isfinite(value).all())
    return value.tolist() if plain else [encode(item) for item in value.tolist()]


def _encode_float(value: float) -> float | str:
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _decode(kind: Any, data: Any, place: str) -> Any:
    origin = get_origin(kind)
    if kind is Any or (kind is type(None) and data is None):
        return data
    if origin is Literal:
        return _decode_choice(get_args(kind), data, place)
    if origin in (Union, types.UnionType):
        return _decode_union(get_args(kind), data, place)
    if origin is np.ndarray or kind is np.ndarray:
        dtype = get_args(get_args(kind)[1])[0] if get_args(kind) else np.float64
        return np.empty(data[SHAPE], dtype=dtype) if isinstance(data, dict) else np.asarray(_numbers(data), dtype=dtype)
    if origin is tuple:
        return _decode_tuple(get_args(kind), data, place)
    if origin in (dict, Mapping):
        key, item = get_args(kind)
        return {_decode(key, k, place): _decode(item, v, f"{place}.{k}") for k, v in data.items()}
    if is_dataclass(kind):
        return _decode_dataclass(kind, data, place)
    return _decode_scalar(kind, data, place)


def _decode_choice(choices: tuple[Any, ...], data: Any, place: str) -> Any:
    if data in choices and not isinstance(data, bool):
        return data
    raise InputError(f"expected one of {choices}, got {data!r}", place=place)


def _decode_scalar(kind: Any, data: Any, place: str) -> Any:
    if kind is float and not isinstance(data, bool):
        return float(data)
    if kind is datetime:
        return datetime.fromisoformat(data).astimezone(UTC)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(data)
    if isinstance(kind, type) and isinstance(data, kind) and (kind is bool or not isinstance(data, bool)):
        return data
    raise InputError(f"expected {getattr(kind, '__name__', kind)}, got {type(data).__name__}", place=place)


def _decode_tuple(arguments: tuple[Any, ...], data: Any, place: str) -> tuple[Any, ...]:
    if not isinstance(data, list):
        raise InputError(f"expected a list, got {type(data).__name__}", place=place)
    kinds = [arguments[0]] * len(data) if arguments[-1] is Ellipsis else list(arguments)
    if len(kinds) != len(data):
        raise InputError(f"expected {len(kinds)} items, got {len(data)}", place=place)
    return tuple(_decode(k, item, f"{place}[{i}]") for i, (k, item) in enumerate(zip(kinds, data, strict=True)))


def _decode_dataclass(kind: Any, data: Any, place: str) -> Any:
    if not isinstance(data, dict):
        raise InputError(f"expected an object, got {type(data).__name__}", place=place)
    hints = _hints(kind)
    unknown = data.keys() - hints.keys() - {TAG}
    if unknown:
        raise InputError(f"unknown field {min(unknown)!r}", place=place, mend=f"one of {sorted(hints)}")
    return kind(**{name: _decode(hints[name], item, f"{place}.{name}") for name, item in data.items() if name in hints})


def _decode_union(kinds: tuple[Any, ...], data: Any, place: str) -> Any:
    if data is None and type(None) in kinds:
        return None
    choices = [k for k in kinds if k is not type(None)]
    if isinstance(data, dict) and TAG in data:
        choices = [k for k in choices if getattr(k, "__name__", "") == data[TAG]] or choices
    errors: list[Exception] = []
    for choice in choices:
        try:
            return _decode(choice, data, place)
        except (InputError, TypeError, ValueError) as error:
            errors.append(error)
    raise InputError(f"fits none of {[getattr(k, '__name__', str(k)) for k in choices]}", place=place) from errors[-1]


def _numbers(data: Any) -> Any:
    return [_numbers(item) for item in data] if isinstance(data, list) else float(data) if isinstance(data, str) else data
