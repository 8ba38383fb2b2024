"""Signals from a file: a list of what the REST API takes, each with an optional `issued_at`, when it becomes known."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import AwareDatetime, TypeAdapter, ValidationError

from adapters.web.http.problems import mend_of, place_in
from adapters.web.signals.forms import AnySignalForm, IntervalsForm, StepsForm, to_signal
from v2g.errors import SignalError
from v2g.signals import Signal, Signals
from v2g.site import Site

FORM: TypeAdapter[IntervalsForm | StepsForm] = TypeAdapter(AnySignalForm)
INSTANT: TypeAdapter[datetime] = TypeAdapter(AwareDatetime)


def load_signals(path: Path, site: Site, start: datetime) -> Signals:
    """Return the signals in `path`, in the order in which they become known; those without `issued_at` are known at `start`.

    Raises `SignalError` naming the file, the place in it and the mend.
    """
    said = read_json(path)
    if not isinstance(said, list):
        raise SignalError("the file holds no list", place=str(path), mend="give [ … ] around the signals")
    if not said:
        raise SignalError("the list is empty", place=str(path), mend="give at least one signal, or no file")
    signals = (_signal(path, i, item, site, start) for i, item in enumerate(said))
    return tuple(sorted(signals, key=lambda s: s.issued_at))


def read_json(path: Path) -> Any:
    """Return what a JSON file says. Raises `SignalError`."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SignalError(f"cannot be read: {error}", place=str(path), mend="give the path of a JSON file") from error
    except (ValueError, RecursionError) as error:
        raise SignalError(f"this is not JSON: {error}", place=str(path), mend="check quotes, commas and brackets") from error


def signal_from(said: dict[str, Any], place: str, site: Site, now: datetime, *, signal_id: str) -> Signal:
    """Return the signal that `said`, as the REST API takes it, would be at `now`. Raises `SignalError` naming its `place`."""
    try:
        return to_signal(FORM.validate_python(said), signal_id=signal_id, site=site, now=now)
    except ValidationError as error:
        first = error.errors()[0]
        where = place_in(("signal", *first["loc"]))
        raise SignalError(first["msg"], place=f"{place}.{where}", mend=mend_of(first)) from error
    except SignalError as error:
        raise SignalError(error.message, place=f"{place}.{error.place}", mend=error.mend) from error


def _signal(path: Path, index: int, said: Any, site: Site, start: datetime) -> Signal:
    place = f"{path}[{index}]"
    if not isinstance(said, dict):
        raise SignalError("this is no signal", place=place, mend="give an object { … }")
    try:
        known = INSTANT.validate_python(said.get("issued_at", start)).astimezone(UTC)
    except (ValidationError, OverflowError) as error:
        raise SignalError("this is no instant", place=f"{place}.issued_at", mend="as in 2026-01-01T08:00:00Z") from error
    form = {name: value for name, value in said.items() if name != "issued_at"}
    signal = signal_from(form, place, site, min(known, start), signal_id=f"{path.stem}-{index}")
    if (end := signal.intervals[-1].end) <= known:
        message = "it becomes known when it is over"
        raise SignalError(message, place=f"{place}.issued_at", mend=f"before {end:%Y-%m-%dT%H:%M}Z")
    return replace(signal, issued_at=known)
