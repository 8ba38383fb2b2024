"""Capacity that was subscribed to and reserved, over all events: what may be drawn where no other limit says less."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import pairwise

from adapters.openadr.reading import Event
from v2g.signals import Interval, SignalKind

SUBSCRIPTION, RESERVATION = "_CAPACITY_SUBSCRIPTION", "_CAPACITY_RESERVATION"
DIRECTIONS = {"IMPORT": SignalKind.IMPORT_CAPACITY_LIMIT, "EXPORT": SignalKind.EXPORT_CAPACITY_LIMIT}
SUBSCRIPTIONS = frozenset(f"{direction}{what}" for direction in DIRECTIONS for what in (SUBSCRIPTION, RESERVATION))

Numbers = Mapping[str, list[Interval]]


def capacity_intervals(numbers: Numbers, direction: str) -> Iterator[Interval]:
    """Yield subscription + reservations where a subscription holds: of several the least, and all reservations on top [kW]."""
    subscribed, reserved = numbers.get(f"{direction}{SUBSCRIPTION}", []), numbers.get(f"{direction}{RESERVATION}", [])
    edges = sorted({edge for i in (*subscribed, *reserved) for edge in (i.start, i.end)})
    for start, end in pairwise(edges):
        if holds := _at(subscribed, start):
            yield Interval(start=start, end=end, value=min(holds) + sum(_at(reserved, start)))


def last_issued(events: Iterable[Event]) -> datetime | None:
    """Return when the last of the events was issued that say something of subscriptions."""
    told = [e.issued_at for e in events if any(kind in SUBSCRIPTIONS for s in e.spans for kind, _ in s.payloads)]
    return max(told, default=None)


def _at(intervals: list[Interval], instant: datetime) -> list[float]:
    return [i.value for i in intervals if i.start <= instant < i.end]
