"""What the published signals change, worked out when somebody asks: the same tick's problem solved without them."""

from datetime import datetime

from v2g.effects import SignalEffect, signal_effect
from v2g.ports import Forecaster, Planner
from v2g.problem import Problem
from v2g.record import Memory, TickRecord
from v2g.signals import Signals
from v2g.site import Site
from v2g.stating.problem import make_problem


class Effects:
    """Answers for a running station; the last answer is kept until another tick has run.

    `planner` should be one of its own, so that a question neither delays the control loop nor cools its solver down.
    """

    def __init__(self, site: Site, forecaster: Forecaster, planner: Planner) -> None:
        self._site, self._forecaster, self._planner = site, forecaster, planner
        self._asked: tuple[datetime, SignalEffect] | None = None

    async def of(self, record: TickRecord, memory: Memory) -> SignalEffect | None:
        """Return what the signals of a tick change, None if there were none. Raises `PlanningError` if the solver cannot say.

        Both plans start from no predecessor and no time passes between them: the signals are all that differs.
        """
        if not record.signals:
            return None
        if self._asked is None or self._asked[0] != record.at:
            memory = Memory(peak_so_far_kw=memory.peak_so_far_kw, month=memory.month, arrival_kwh=memory.arrival_kwh)
            under = self._stated(record, record.signals, memory)
            without = self._stated(record, (), memory)
            effect = signal_effect(under, await self._planner.solve(under), await self._planner.solve(without))
            self._asked = record.at, effect
        return self._asked[1]

    def _stated(self, record: TickRecord, signals: Signals, memory: Memory) -> Problem:
        outlook = self._forecaster.forecast(record.observation, signals, record.outlook.grid)
        return make_problem(self._site, record.observation, outlook, signals, memory)
