"""What holds while the VTN is silent: its limits to their end, then the capacity subscribed to, else the site file's."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters.openadr.mapping import LIMITS, Terms, signal_id
from v2g.signals import Interval, Signal, SignalKind

AHEAD, RENEWED = timedelta(hours=48), timedelta(hours=24)
"""The fallback reaches so far beyond now, and is renewed when less is left of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fallback:
    """The site file's limits for a silent VTN [kW]; None = none."""

    import_kw: float | None = None
    export_kw: float | None = None

    def limit_kw(self, kind: SignalKind) -> float | None:
        """Return the fallback of a kind of limit."""
        return self.import_kw if kind is SignalKind.IMPORT_CAPACITY_LIMIT else self.export_kw


def fallback_signals(signals: Iterable[Signal], fallback: Fallback, terms: Terms, now: datetime) -> Iterator[Signal]:
    """Yield the limits to post, given all `signals` in force: from where the VTN's own limits run out."""
    ours = {s.signal_id: s for s in signals if s.signal_id.startswith(terms.prefix)}
    for kind in LIMITS:
        name = signal_id(terms, "fallback", kind)
        limit_kw, standing = fallback.limit_kw(kind), ours.get(name)
        if limit_kw is None or (standing is not None and standing.ends_at - now > RENEWED):
            continue
        start = standing.intervals[0].start if standing else covered_until([s for s in ours.values() if s.kind is kind], now)
        yield Signal(
            signal_id=name,
            kind=kind,
            source=terms.source,
            issued_at=now,
            intervals=(Interval(start=start, end=max(start, now) + AHEAD, value=limit_kw),),
            priority=terms.priority,
            reason="the VTN is silent",
        )


def covered_until(signals: Iterable[Signal], now: datetime) -> datetime:
    """Return the first instant from `now` on at which none of `signals` speaks."""
    instant = now
    for interval in sorted((i for s in signals for i in s.intervals), key=lambda i: i.start):
        if interval.start <= instant < interval.end:
            instant = interval.end
    return instant
