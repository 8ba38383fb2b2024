"""From events to signals: what is read tolerantly is acted on strictly, by the bounds of the site file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from heapq import heappop, heappush
from itertools import pairwise
from math import isfinite
from typing import Any

from adapters.openadr.capacity import SUBSCRIPTIONS
from adapters.openadr.reading import Event
from v2g.errors import SignalError
from v2g.signal_bounds import PRICES, value_bounds
from v2g.signals import Contract, Interval, Signal, SignalKind
from v2g.site import Site

LIMITS = (SignalKind.IMPORT_CAPACITY_LIMIT, SignalKind.EXPORT_CAPACITY_LIMIT)
DIRECT = frozenset({*PRICES, *LIMITS, SignalKind.GHG, SignalKind.DISPATCH_SETPOINT})
"""Kinds of signals that are payload types of the same name."""
EMERGENCIES = ("ALERT_GRID_EMERGENCY", "ALERT_BLACK_START")
PER_KWH = {"": 1.0, "KWH": 1.0, "MWH": 1e-3, "WH": 1e3}
KW = {"": 1.0, "KW": 1.0, "MW": 1e3, "W": 1e-3}
G_PER_KWH = {"": 1.0, "GHG": 1.0, "G": 1.0, "KWH": 1.0, "G/KWH": 1.0, "KG/MWH": 1.0}
STRONGEST, WEAKEST = 0, 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How the site file has events acted on.

    Parameters
    ----------
    source : str
        What signals are said to come from.
    prefix : str
        Beginning of their ids.
    ven_name : str
        Seed of the lots that `randomizeStart` wants drawn.
    names : frozenset[str]
        Targets that mean this station.
    priority, strongest : int
        Priority of events that say none, and the strongest that one may have; lower numbers win.
    simple_kw : tuple[float, ...]
        Import limits at the levels 1, 2, 3 of SIMPLE [kW].
    emergency_kw : float or None
        Import limit while an alert of a grid emergency or a black start holds [kW].
    dispatch_penalty_per_kwh : float or None
        What deviation from a dispatch costs; without it dispatch is refused, since nothing would depend on it.
    """

    source: str
    prefix: str
    ven_name: str
    names: frozenset[str] = frozenset()
    priority: int = 100
    strongest: int = STRONGEST
    simple_kw: tuple[float, ...] = ()
    emergency_kw: float | None = None
    dispatch_penalty_per_kwh: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """What an event means here: its signals, why others were `refused`, and `notes` for people: alerts, what means nothing here."""

    signals: tuple[Signal, ...] = ()
    refused: tuple[SignalError, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Curve:
    """One kind's intervals as they are found; `faults` are those that cannot be used."""

    intervals: list[Interval] = field(default_factory=list)
    faults: list[SignalError] = field(default_factory=list)


def concerns(event: Event, terms: Terms) -> bool:
    """Return whether an event is for this station: it has no targets, or one of ours."""
    return not event.targets or bool(event.targets & terms.names)


def mapped(event: Event, terms: Terms, site: Site, units: Mapping[str, tuple[str, str]] | None = None) -> Mapped:
    """Return the signals of an event; `units` are its program's. Subscriptions of capacity are not among them: see `capacity`.

    Of a limit the intervals that can be used hold, the others are told; of all else a curve with a fault is refused whole: half a
    price curve is another price curve.
    """
    lots = timedelta(seconds=event.lots_s * _lot(f"{terms.ven_name}/{event.event_id}"))
    curves: dict[SignalKind, _Curve] = {}
    notes: list[str] = []
    known = {**(units or {}), **event.units}
    for span in event.spans:
        for kind, values in span.payloads:
            if kind in SUBSCRIPTIONS:
                continue
            if kind.startswith("ALERT_"):
                notes.append(f"{kind}: {', '.join(str(v)[:128] for v in values)}")
            try:
                meant = _meaning(kind, values, terms, known.get(kind, ("", "")), site)
            except SignalError as error:
                target = SignalKind(kind) if kind in DIRECT else SignalKind.IMPORT_CAPACITY_LIMIT
                curves.setdefault(target, _Curve()).faults.append(error)
                continue
            if meant is None and not kind.startswith("ALERT_"):
                notes.append(f"{kind[:64]} means nothing here")
            if meant and meant[1] is not None:
                interval = Interval(start=span.start + lots, end=span.end + lots, value=meant[1])
                curves.setdefault(meant[0], _Curve()).intervals.append(interval)
    return _result(event, terms, curves, notes)


def _result(event: Event, terms: Terms, curves: Mapping[SignalKind, _Curve], notes: list[str]) -> Mapped:
    refused = [SignalError(complaint, place=event.event_id) for complaint in event.complaints]
    refused += [SignalError(f.message, place=event.event_id, mend=f.mend) for curve in curves.values() for f in curve.faults]
    signals = []
    for kind, curve in curves.items():
        whole = kind in LIMITS or not (curve.faults or event.complaints)
        if intervals := tuple(in_order(curve.intervals, least=kind in LIMITS)) if whole else ():
            signals.append(_signal(event, terms, kind, intervals))
    return Mapped(signals=tuple(signals), refused=tuple(refused), notes=tuple(dict.fromkeys(notes)))


def _signal(event: Event, terms: Terms, kind: SignalKind, intervals: tuple[Interval, ...]) -> Signal:
    dispatched = kind is SignalKind.DISPATCH_SETPOINT
    return Signal(
        signal_id=signal_id(terms, event.event_id, kind),
        kind=kind,
        source=terms.source,
        issued_at=event.issued_at,
        intervals=intervals,
        priority=min(max(terms.priority if event.priority is None else event.priority, terms.strongest), WEAKEST),
        reason=event.name[:200],
        contract=Contract(penalty=terms.dispatch_penalty_per_kwh or 0.0) if dispatched else None,
    )


def signal_id(terms: Terms, event_id: str, kind: str) -> str:
    """Return the id of an event's signal of `kind`: the same whenever the event is read."""
    return f"{terms.prefix}{sha256(f'{event_id}/{kind}'.encode()).hexdigest()[:16]}"


def in_order(intervals: list[Interval], *, least: bool = False) -> Iterator[Interval]:
    """Yield `intervals` in order without overlaps; where they overlap the one that starts later speaks, or the `least`."""
    real = sorted((i for i in intervals if i.start < i.end), key=lambda i: i.start)
    edges = sorted({edge for i in real for edge in (i.start, i.end)})
    speaking: list[tuple[float, int]] = []
    n_begun, held = 0, None
    for start, end in pairwise(edges):
        while n_begun < len(real) and real[n_begun].start <= start:
            heappush(speaking, (real[n_begun].value if least else -n_begun, n_begun))
            n_begun += 1
        while speaking and real[speaking[0][1]].end <= start:
            heappop(speaking)
        value = real[speaking[0][1]].value if speaking else None
        if held is not None and (held.end < start or held.value != value):
            yield held
            held = None
        if value is not None:
            held = Interval(start=held.start if held else start, end=end, value=value)
    if held is not None:
        yield held


def _meaning(
    kind: str, values: tuple[Any, ...], terms: Terms, unit: tuple[str, str], site: Site
) -> tuple[SignalKind, float | None] | None:
    """Return the signal and value that a payload stands for; a value of None asks for nothing. None if it has no meaning here."""
    if kind in EMERGENCIES:
        return None if terms.emergency_kw is None else (SignalKind.IMPORT_CAPACITY_LIMIT, terms.emergency_kw)
    if kind == "SIMPLE":
        return SignalKind.IMPORT_CAPACITY_LIMIT, _simple_kw(number(kind, values), terms)
    if kind not in DIRECT:
        return None
    ours = SignalKind(kind)
    if ours is SignalKind.DISPATCH_SETPOINT and terms.dispatch_penalty_per_kwh is None:
        raise SignalError("nothing depends on a dispatch", mend="set dispatch_penalty_per_kwh in the site file")
    value = number(kind, values) * _factor(ours, unit, site)
    low, high = value_bounds(ours, site)
    if not low <= value <= high:
        raise SignalError(f"{kind} of {value:g} is out of bounds", mend=f"{low:g} to {high:g}")
    return ours, value


def number(kind: str, values: tuple[Any, ...]) -> float:
    """Return the one number that a payload says, be it written as a text. Raises `SignalError` if it says none, or more."""
    if len(values) != 1 or isinstance(values[0], (bool, dict, list)) or values[0] is None:
        raise SignalError(f"{kind} has {len(values)} values, or none that is a number", mend="give one number")
    try:
        value = float(values[0])
    except (ValueError, OverflowError):
        value = float("nan")
    if not isfinite(value):
        raise SignalError(f"{kind} is no number: {str(values[0])[:40]!r}", mend="give a finite number")
    return value


def _simple_kw(level: float, terms: Terms) -> float | None:
    if level not in (0, 1, 2, 3):
        raise SignalError(f"there is no level {level:g} of SIMPLE", mend="0, 1, 2 or 3")
    if level == 0:
        return None
    if not terms.simple_kw:
        raise SignalError("levels of SIMPLE mean nothing here", mend="set simple_kw in the site file, three import limits")
    return terms.simple_kw[int(level) - 1]


def _factor(kind: SignalKind, unit: tuple[str, str], site: Site) -> float:
    units, currency = unit
    if kind in PRICES and currency not in ("", site.currency.upper()):
        raise SignalError(f"prices are in {currency}, the station's in {site.currency}", mend=f"publish {site.currency}")
    known = PER_KWH if kind in PRICES else G_PER_KWH if kind is SignalKind.GHG else KW
    if units not in known:
        raise SignalError(f"{kind} in {units}", mend=f"one of {', '.join(u for u in known if u)}")
    return known[units]


def _lot(seed: str) -> float:
    """Return the number in [0, 1) that falls to `seed`: the same after a restart."""
    return int.from_bytes(sha256(seed.encode()).digest()[:6]) / 2**48
