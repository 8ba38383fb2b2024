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
        silent_s = self._silent_s(now)
        if silent_s < self._failsafe.heartbeat_s:
            said, said_zh = f"heard {silent_s} s ago", f"{silent_s} 秒前有消息"
            return (Part(name="failsafe", condition=Condition.OK, detail=said, detail_zh=said_zh),)
        said, said_zh = "the failsafe is over", "保底限额已结束"
        for signal in self.signals(now)[:1]:
            until = f"{signal.ends_at:%Y-%m-%dT%H:%M:%SZ}"
            said, said_zh = f"its limits hold until {until}", f"保底限额持续到 {until}"
        detail, detail_zh = f"silent for {silent_s} s: {said}", f"已 {silent_s} 秒无消息：{said_zh}"
        return (Part(name="failsafe", condition=Condition.DEGRADED, detail=detail, detail_zh=detail_zh),)

    def _silent_s(self, now: datetime) -> int:
        return round((now - self._heard_at).total_seconds())
