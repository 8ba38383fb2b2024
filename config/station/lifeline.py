"""Whether the source of limits is heard, and what holds while it is not; needs neither database nor network."""

from datetime import datetime, timedelta

import structlog

from v2g.failsafe import Failsafe, failsafe_signals
from v2g.signals import Signals
from v2g.station import Condition, Part

log = structlog.get_logger(__name__)


class Lifeline:
    """Notes beats; without a `failsafe` nothing depends on them. At `now`, when it begins, the source counts as silent."""

    def __init__(self, failsafe: Failsafe | None, now: datetime) -> None:
        self._failsafe, self._held = failsafe, False
        self._heard_at = now - timedelta(seconds=failsafe.heartbeat_s if failsafe else 0.0)

    def hear(self, now: datetime) -> None:
        """Note a beat."""
        self._heard_at = now

    def signals(self, now: datetime) -> Signals:
        """Return the failsafe's limits while they hold."""
        return failsafe_signals(self._failsafe, self._heard_at, now) if self._failsafe else ()

    def turned(self, now: datetime) -> bool:
        """Return whether the failsafe has begun or ended since this was last asked; it is logged then."""
        holds, before = bool(self.signals(now)), self._held
        self._held = holds
        if holds is not before:
            log.warning("failsafe_begins" if holds else "failsafe_ends", silent_s=self._silent_s(now))
        return holds is not before

    def parts(self, now: datetime) -> tuple[Part, ...]:
        """Return how the source is, nothing where none is waited for."""
        if self._failsafe is None:
            return ()
        detail, silent_s = f"heard {self._silent_s(now)} s ago", self._silent_s(now)
        if silent_s < self._failsafe.heartbeat_s:
            return (Part(name="failsafe", condition=Condition.OK, detail=detail),)
        until = [f"its limits hold until {s.ends_at:%Y-%m-%dT%H:%M:%SZ}" for s in self.signals(now)[:1]]
        said = f"silent for {silent_s} s: {until[0] if until else 'the failsafe is over'}"
        return (Part(name="failsafe", condition=Condition.DEGRADED, detail=said),)

    def _silent_s(self, now: datetime) -> int:
        return round((now - self._heard_at).total_seconds())
