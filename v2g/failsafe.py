"""The limits that hold while the source of limits is silent.

After EEBUS' limitation of power consumption (LPC): the source beats regularly. Once it is silent for longer than `heartbeat_s`,
and from the start until it is first heard, the failsafe's limits hold beside all others, for `duration_s`; then the station goes by
what else is known. A beat ends it at once.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from v2g.signals import Interval, Signal, SignalKind, Signals

NO_LIMIT = float("inf")
SOURCE = "failsafe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failsafe:
    """Limits at the grid connection [kW] for a silent source; after how long it counts as such, and for how long they hold [s]."""

    import_kw: float = NO_LIMIT
    export_kw: float = NO_LIMIT
    heartbeat_s: float = 120.0
    duration_s: float = 7200.0


def failsafe_signals(failsafe: Failsafe, heard_at: datetime, now: datetime) -> Signals:
    """Return the failsafe's limits as signals while they hold, () else; `heard_at` is when the source was last heard."""
    start = heard_at + timedelta(seconds=failsafe.heartbeat_s)
    end = start + timedelta(seconds=failsafe.duration_s)
    if not start <= now < end:
        return ()
    limits = (
        (SignalKind.IMPORT_CAPACITY_LIMIT, failsafe.import_kw),
        (SignalKind.EXPORT_CAPACITY_LIMIT, failsafe.export_kw),
    )
    return tuple(
        Signal(
            signal_id=f"{SOURCE}-{kind}",
            kind=kind,
            source=SOURCE,
            issued_at=start,
            intervals=(Interval(start=start, end=end, value=limit_kw),),
            reason="the source of limits is silent",
        )
        for kind, limit_kw in limits
        if limit_kw < NO_LIMIT
    )
