"""The control loop of a running station: ticks and fast looks on a clock."""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

import structlog

from v2g.conduct import n_to_tell
from v2g.errors import V2GError
from v2g.fastlook import fast_look
from v2g.observation import Observation
from v2g.ports import Clock
from v2g.record import Memory, TickRecord
from v2g.setpoint import Applied, DispatchReport
from v2g.signals import Signals
from v2g.solution import Rung
from v2g.tick import Parts, act, decide
from v2g.waking import n_to_let

log = structlog.get_logger(__name__)

LATE_TICKS = 3.0
"""A loop that has not ticked for this many periods is not alive."""


class Control:
    """Runs a tick every ``horizon.tick_s`` and whenever it is woken, and a fast look every ``horizon.fast_s`` [s of the clock].

    `wake`, set when cars come and go, asks for a tick, ``horizon.event_s`` after the last; so does an outlet that is found not to
    follow its setpoint, and a car that was paused to wake it. `signals` returns the signals in force; `on_tick` and `on_look` are
    told what happened.
    """

    def __init__(
        self,
        parts: Parts,
        clock: Clock,
        wake: asyncio.Event,
        *,
        memory: Memory,
        signals: Callable[[], Signals],
        on_tick: Callable[[TickRecord, Memory], None],
        on_look: Callable[[Observation, DispatchReport], None],
    ) -> None:
        self._parts, self._clock, self._signals = parts, clock, signals
        self._on_tick, self._on_look = on_tick, on_look
        self._wake, self._urgent, self._sending = wake, asyncio.Event(), asyncio.Lock()
        self.memory, self.trouble, self._due = memory, "", 0
        self.latest: TickRecord | None = None
        self.started_at = self._tried_at = clock.now()
        self.late_s = 0.0
        self.outcomes: Counter[str] = Counter()
        self.rungs: Counter[Rung] = Counter()

    def wake(self) -> None:
        """Plan again soon: a driver spoke."""
        self._wake.set()

    def hurry(self) -> None:
        """Plan again at once: a signal was published."""
        self._urgent.set()
        self._wake.set()

    def alive(self, now: datetime) -> bool:
        """Return whether ticks come in time, those too that fail by broken input: `trouble` tells those."""
        return now - self._tried_at < timedelta(seconds=LATE_TICKS * self._parts.site.horizon.tick_s)

    async def run_ticks(self) -> None:
        """Tick until cancelled, without drift; broken input is told in `trouble` and the next tick tries again."""
        period = timedelta(seconds=self._parts.site.horizon.tick_s)
        due = self._clock.now()
        while True:
            self._wake.clear()
            self._urgent.clear()
            ticked_at = self._clock.now()
            self.late_s = max((ticked_at - due).total_seconds(), 0.0)
            try:
                await self._tick()
                self.trouble = ""
            except V2GError as error:
                self.trouble = str(error)
                log.critical("tick_failed", tick=self.memory.tick, error=self.trouble)
            now = self._tried_at = self._clock.now()
            while due <= now:
                due += period
            await self._sleep_until(due, self._wake)
            await self._sleep_until(min(due, ticked_at + timedelta(seconds=self._parts.site.horizon.event_s)), self._urgent)

    async def run_looks(self) -> None:
        """Look until cancelled; needs neither the solver nor the database."""
        while True:
            await self._clock.sleep(self._parts.site.horizon.fast_s)
            async with self._sending:
                outlook = self.latest.outlook if self.latest else None
                seen = await fast_look(self._parts, self.memory, outlook, self._signals(), self._clock.now())
            observation, report, self.memory = seen
            self._wake_if_due(observation.at)
            self._count(report, cut=True)
            self._on_look(observation, report)

    def _wake_if_due(self, now: datetime) -> None:
        """Ask for a tick when one more outlet is to be told again, or one more car to be let draw again."""
        before, self._due = self._due, n_to_tell(self.memory.conducts) + n_to_let(self.memory.rests, now)
        if self._due > before:
            self._wake.set()

    async def _tick(self) -> None:
        decision, memory = await decide(self._parts, self.memory, self._signals(), self._clock.now())
        async with self._sending:
            record, self.memory = await act(self._parts, memory, decision, self._clock.now())
        self.rungs[record.plan.rung] += 1
        self._count(record.report, cut=False)
        self._tell_new(record)
        self.latest = record
        self._on_tick(record, self.memory)

    def _tell_new(self, record: TickRecord) -> None:
        """Log what was no alarm in the last tick: of 5,000 chargers each tick, it took the loop 0.3 s."""
        known = set(self.latest.alarms) if self.latest else set()
        for alarm in record.alarms:
            if alarm not in known:
                log.warning("alarm", tick=record.tick, alarm=str(alarm))

    async def _sleep_until(self, due: datetime, woken: asyncio.Event) -> None:
        """Sleep until `due` or until woken; not at all if it is past."""
        if self._clock.now() >= due:
            return
        sleeping = asyncio.ensure_future(self._clock.sleep((due - self._clock.now()).total_seconds()))
        waking = asyncio.ensure_future(woken.wait())
        try:
            await asyncio.wait((sleeping, waking), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sleeping, waking):
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    def _count(self, report: DispatchReport, *, cut: bool) -> None:
        for outcome in report.outcomes:
            self.outcomes[type(outcome).__name__] += 1
            power_kw, unit = outcome.setpoint.power_kw, outcome.setpoint.unit_id
            if isinstance(outcome, Applied):
                log.info("setpoint_applied", unit=unit, power_kw=round(power_kw, 2), cut=cut, bound_by=outcome.setpoint.bound_by)
            else:
                log.warning("setpoint_not_applied", unit=unit, power_kw=round(power_kw, 2), outcome=type(outcome).__name__)
