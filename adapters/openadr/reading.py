"""Events as VTNs send them, read as far as they can be: fields may be missing, null, or in another case than the text has."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from adapters.openadr.times import LAST, Duration, read_duration, read_instant
from v2g.errors import SignalError

INTERVALS_MAX = 2000
REPEATS_FOR = timedelta(days=8)
"""A repeated event is written out so far ahead; the horizon is shorter."""
LOTS_MAX_S = 86_400.0
"""Lots spread devices over minutes; nobody means more than a day."""
FOR_EVER = LAST


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """What holds from `start` to `end`: pairs of a payload type and its values, as sent."""

    start: datetime
    end: datetime
    payloads: tuple[tuple[str, tuple[Any, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A report that an event asks for, OpenADR's reportDescriptor; `start`, `number`, `every` count intervals, −1 = not said."""

    payload_type: str
    reading_type: str = ""
    start: int = -1
    number: int = -1
    every: int = -1
    historical: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event as it can be read. `units` maps payload types to a unit and a currency ("" where none is said).

    `lots_s` is how far its start may be drawn at random [s, signed]; `complaints` says what was left out, and why.
    """

    event_id: str
    program_id: str
    name: str
    priority: int | None
    targets: frozenset[str]
    issued_at: datetime
    spans: tuple[Span, ...]
    units: Mapping[str, tuple[str, str]]
    wanted: tuple[Wanted, ...] = ()
    lots_s: float = 0.0
    complaints: tuple[str, ...] = ()


def said(raw: Any, name: str) -> Any:
    """Return the field `name` of an object however its words are joined (camelCase, snake_case), None where it is missing."""
    if not isinstance(raw, dict):
        return None
    if name in raw:
        return raw[name]
    plain = name.lower()
    return next((value for key, value in raw.items() if str(key).replace("_", "").lower() == plain), None)


def listed(raw: Any, name: str) -> list[Any]:
    """Return a list, empty where there is none."""
    value = said(raw, name)
    return value if isinstance(value, list) else []


def read_event(raw: Any, *, now: datetime, seen_at: datetime, zone: ZoneInfo) -> Event:
    """Return an event. Raises `SignalError` if nothing can be made of it.

    `seen_at` stands for "now" in an event that does not say when it was changed; what is in the future is taken for now.
    """
    event_id = said(raw, "id")
    if not isinstance(event_id, (str, int)) or isinstance(event_id, bool) or not str(event_id):
        raise SignalError("the event has no id", mend="the VTN must give one")
    issued_at = min(_changed(raw) or seen_at, now)
    period = said(raw, "intervalPeriod")
    complaints: list[str] = []
    spans = tuple(_spans(raw, issued_at, zone, complaints))
    repeated = _repeated(raw, spans, now, zone)
    priority = said(raw, "priority")
    return Event(
        event_id=str(event_id),
        program_id=str(said(raw, "programID") or ""),
        name=str(said(raw, "eventName") or ""),
        priority=int(priority) if isinstance(priority, (int, float)) and 0 <= priority < 1e9 else None,
        targets=read_targets(raw),
        issued_at=issued_at,
        spans=repeated[:INTERVALS_MAX],
        units=read_units(raw),
        wanted=tuple(_wanted(raw)),
        lots_s=_lots_s(period),
        complaints=tuple(complaints),
    )


def read_targets(raw: Any) -> frozenset[str]:
    """Return the targets of an object: texts, as of 3.1, or values by type, as of 3.0."""
    found: set[str] = set()
    for target in listed(raw, "targets"):
        found |= {target} if isinstance(target, str) else {str(value) for value in listed(target, "values")}
    return frozenset(found)


def read_units(raw: Any) -> dict[str, tuple[str, str]]:
    """Return unit and currency by payload type, in capitals."""
    return {
        str(said(d, "payloadType")): (str(said(d, "units") or "").upper(), str(said(d, "currency") or "").upper())
        for d in listed(raw, "payloadDescriptors")
        if said(d, "payloadType")
    }


def _changed(raw: Any) -> datetime | None:
    for name in ("modificationDateTime", "createdDateTime"):
        try:
            if instant := read_instant(said(raw, name)):
                return instant
        except SignalError:
            continue  # the next one, or when we saw it first, does as well
    return None


def _lots_s(period: Any) -> float:
    try:
        lots = read_duration(said(period, "randomizeStart"))
    except SignalError:
        return 0.0  # who cannot say how far wants no lots drawn
    return min(max(lots.days * 86_400.0 + lots.seconds, -LOTS_MAX_S), LOTS_MAX_S)


def _start(period: Any, now: datetime, otherwise: datetime | None) -> datetime | None:
    value = said(period, "start")
    return otherwise if value is None else read_instant(value) or now


def _spans(raw: Any, now: datetime, zone: ZoneInfo, complaints: list[str]) -> Iterator[Span]:
    """Yield the intervals in the order of the list: each starts where it says, else where the one before it ends."""
    period = said(raw, "intervalPeriod")
    try:
        cursor, default = _start(period, now, now), read_duration(said(period, "duration"))
        whole = read_duration(said(raw, "duration"))
    except SignalError as error:
        complaints.append(str(error))
        return
    items = listed(raw, "intervals")
    for i, item in enumerate(items[:INTERVALS_MAX]):
        try:
            own = said(item, "intervalPeriod")
            start = _begun(_start(own, now, cursor))
            length = read_duration(said(own, "duration")) or default or (whole if len(items) == 1 else Duration())
            end = length.after(start, zone) if length else _next_start(items[i + 1 :], now)
            cursor = None if end == FOR_EVER else end
            yield Span(start=start, end=end, payloads=tuple(_payloads(item)))
        except SignalError as error:
            complaints.append(f"interval {i}: {error}")


def _begun(start: datetime | None) -> datetime:
    if start is None:
        raise SignalError("it starts where one ends that has no end", mend="give its start")
    return start


def _next_start(items: list[Any], now: datetime) -> datetime:
    """Return where an interval without length ends: at the start of the next, which must say it, else never."""
    start = _start(said(items[0], "intervalPeriod"), now, None) if items else None
    return start or FOR_EVER


def _payloads(item: Any) -> Iterator[tuple[str, tuple[Any, ...]]]:
    for payload in listed(item, "payloads"):
        kind, values = said(payload, "type"), said(payload, "values")
        if isinstance(kind, str):
            yield kind, tuple(values) if isinstance(values, list) else () if values is None else (values,)


def _repeated(raw: Any, spans: tuple[Span, ...], now: datetime, zone: ZoneInfo) -> tuple[Span, ...]:
    """Return the intervals again and again while the event's own duration lasts, as far as planning looks ahead.

    The window moves on by whole days, so that an event does not change with every poll.
    """
    try:
        whole = read_duration(said(raw, "duration"))
    except SignalError:
        return spans
    if not spans or not whole or spans[-1].end == FOR_EVER:
        return spans
    first, cycle = spans[0].start, spans[-1].end - spans[0].start
    end = whole.after(first, zone)
    if cycle <= timedelta(0) or end - first <= cycle:
        return spans
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    skipped = max((today - first) // cycle, 0)
    until, found = min(end, today + REPEATS_FOR), []
    for k in range(skipped, skipped + INTERVALS_MAX // len(spans)):
        shift = k * cycle
        found += [
            Span(start=s.start + shift, end=min(s.end + shift, end), payloads=s.payloads) for s in spans if s.start + shift < until
        ]
    return tuple(found)


def _wanted(raw: Any) -> Iterator[Wanted]:
    for descriptor in listed(raw, "reportDescriptors"):
        if isinstance(kind := said(descriptor, "payloadType"), str):
            numbers = {ours: said(descriptor, theirs) for ours, theirs in COUNTS.items()}
            yield Wanted(
                payload_type=kind,
                reading_type=str(said(descriptor, "readingType") or ""),
                historical=said(descriptor, "historical") is not False,
                **{name: value for name, value in numbers.items() if isinstance(value, int) and not isinstance(value, bool)},
            )


COUNTS = {"start": "startInterval", "number": "numIntervals", "every": "frequency"}
