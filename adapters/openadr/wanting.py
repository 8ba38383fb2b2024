"""All events of a VTN taken together: the signals that it wants in force here."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from adapters.openadr.capacity import DIRECTIONS, SUBSCRIPTIONS, capacity_intervals, last_issued
from adapters.openadr.mapping import DIRECT, KW, Terms, concerns, in_order, mapped, number, signal_id
from adapters.openadr.reading import Event
from v2g.errors import SignalError
from v2g.signal_bounds import LIMIT_MAX_KW
from v2g.signals import Interval, Signal
from v2g.site import Site

SUBSCRIBED = "subscribed"
Units = Mapping[str, tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wants:
    """The signals that a VTN wants, by id; why others were `refused`; `notes` for people.

    `kept` are ids that stay if they are in force: those of events whose new version was refused.
    """

    signals: Mapping[str, Signal] = field(default_factory=dict)
    refused: tuple[SignalError, ...] = ()
    notes: tuple[str, ...] = ()
    kept: frozenset[str] = frozenset()


def wants(
    events: Iterable[Event],
    terms: Terms,
    site: Site,
    units: Mapping[str, Units] | None = None,
    sources: Mapping[str, str] | None = None,
) -> Wants:
    """Return what `events` want of this station; `units` are those of their programs, by id, `sources` say who made which event."""
    ours = [event for event in events if concerns(event, terms)]
    signals: dict[str, Signal] = {}
    refused: list[SignalError] = []
    notes: list[str] = []
    kept: set[str] = set()
    for event in ours:
        theirs = replace(terms, source=(sources or {}).get(event.event_id, terms.source))
        meant = mapped(event, theirs, site, (units or {}).get(event.program_id))
        signals |= {s.signal_id: s for s in meant.signals}
        refused += meant.refused
        notes += meant.notes
        if meant.refused:
            kept |= {signal_id(terms, event.event_id, kind) for kind in DIRECT} - signals.keys()
    for signal in _subscribed(ours, terms, refused):
        signals[signal.signal_id] = signal
    return Wants(signals=signals, refused=tuple(refused), notes=tuple(dict.fromkeys(notes)), kept=frozenset(kept))


def _subscribed(events: list[Event], terms: Terms, refused: list[SignalError]) -> Iterator[Signal]:
    issued_at = last_issued(events)
    if issued_at is None:
        return
    numbers = _capacities(events, refused)
    for direction, kind in DIRECTIONS.items():
        if intervals := tuple(in_order(list(capacity_intervals(numbers, direction)), least=True)):
            yield Signal(
                signal_id=signal_id(terms, SUBSCRIBED, kind),
                kind=kind,
                source=terms.source,
                issued_at=issued_at,
                intervals=intervals,
                priority=terms.priority,
                reason="capacity subscribed and reserved",
            )


def _capacities(events: list[Event], refused: list[SignalError]) -> dict[str, list[Interval]]:
    numbers: dict[str, list[Interval]] = {}
    for event in events:
        for span in event.spans:
            for kind, values in ((kind, values) for kind, values in span.payloads if kind in SUBSCRIPTIONS):
                try:
                    value = _kw(kind, values, event.units.get(kind, ("", ""))[0])
                except SignalError as error:
                    refused.append(SignalError(error.message, place=event.event_id, mend=error.mend))
                    continue
                numbers.setdefault(kind, []).append(Interval(start=span.start, end=span.end, value=value))
    return numbers


def _kw(kind: str, values: tuple[object, ...], unit: str) -> float:
    if unit not in KW:
        raise SignalError(f"{kind} in {unit}", mend=f"one of {', '.join(u for u in KW if u)}")
    value = number(kind, values) * KW[unit]
    if not 0 <= value <= LIMIT_MAX_KW:
        raise SignalError(f"{kind} of {value:g} is out of bounds", mend=f"0 to {LIMIT_MAX_KW:g}")
    return value
