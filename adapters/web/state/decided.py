"""What the last tick decided, by unit, as the API tells it."""

from datetime import datetime
from typing import Literal

import numpy as np

from adapters.web.figures import tidy
from adapters.web.plan.explanation import price, reason_view
from adapters.web.plan.models import WordsModel
from adapters.web.state.models import PromiseModel
from v2g.guarantee import reached_probability
from v2g.outlook import LEVELS, Departure
from v2g.record import TickRecord
from v2g.setpoint import Applied, Outcome, Rejected, TimedOut, Unreachable
from v2g.site import Site
from v2g.timegrid import TimeGrid
from v2g.why import Explanation

READY_WITHIN_KWH = 0.1
"""What a target may lack and still count as reached."""

MEDIAN = LEVELS.index(0.5)

OutcomeName = Literal["applied", "rejected", "timed_out", "unreachable", "withheld"]
OUTCOME_NAMES: dict[type[Outcome], OutcomeName] = {
    Applied: "applied",
    Rejected: "rejected",
    TimedOut: "timed_out",
    Unreachable: "unreachable",
}


class Decided:
    """What the last tick decided, by unit; words and promises are made once, when they are first asked for."""

    def __init__(self, record: TickRecord | None, site: Site) -> None:
        self.record, self._site = record, site
        self._reasons: dict[str, WordsModel | None] = {}
        self._promises: dict[str, PromiseModel | None] = {}
        if record is None:
            self.setpoints, self.outcomes, self.why, self.row = {}, {}, {}, {}
            self._departures: dict[str, Departure] = {}
            self._stated: dict[str, datetime] = {}
            return
        self.setpoints = {setpoint.unit_id: setpoint for setpoint in record.setpoints}
        self.outcomes = {outcome.setpoint.unit_id: OUTCOME_NAMES[type(outcome)] for outcome in record.report.outcomes}
        self.outcomes |= dict.fromkeys((setpoint.unit_id for setpoint in record.report.withheld), "withheld")
        self.why = dict(zip(record.plan.unit_ids, record.plan.why, strict=True))
        self.row = {unit_id: row for row, unit_id in enumerate(record.problem.storages.unit_ids)}
        leaving = {departure.session_id: departure for departure in record.outlook.departures}
        here = {s.evse_id: s.session for s in record.observation.evses if s.session}
        self._departures = {unit: leaving[s.session_id] for unit, s in here.items() if s.session_id in leaving}
        self._stated = {unit: s.wishes.departure for unit, s in here.items() if s.wishes.departure}

    def reason(self, unit_id: str) -> WordsModel | None:
        """Return why a unit does what it does, in words; None where no plan speaks of it."""
        if unit_id not in self._reasons:
            told = self._explained(unit_id)
            self._reasons[unit_id] = reason_view(told, self.record.plan, self._site) if told and self.record else None
        return self._reasons[unit_id]

    def _explained(self, unit_id: str) -> Explanation | None:
        plan = self.record.plan if self.record else None
        known = plan is not None and unit_id in plan.row and plan.row[unit_id] < len(plan.explanations)
        return plan.explanations[plan.row[unit_id]] if plan and known else None

    def setpoint_kw(self, unit_id: str) -> float | None:
        """Return what the last tick told a unit, None where it told it nothing."""
        return tidy(self.setpoints[unit_id].power_kw) if unit_id in self.setpoints else None

    def promise(self, unit_id: str) -> PromiseModel | None:
        """Return what the plan holds for a unit's driver, None where nothing was promised."""
        if unit_id not in self._promises:
            self._promises[unit_id] = self._promise(unit_id)
        return self._promises[unit_id]

    def _promise(self, unit_id: str) -> PromiseModel | None:
        if self.record is None or unit_id not in self.row:
            return None
        row, grid, storages = self.row[unit_id], self.record.problem.grid, self.record.problem.storages
        due_step = int(storages.target_step[row])
        if due_step == 0:
            return None
        target_kwh, energy_kwh = float(storages.target_energy_kwh[row]), self.record.plan.energy_kwh[row]
        leaves_h = max(self._leaves_h(unit_id, grid), float(grid.edges_h[due_step]))
        planned_kwh = float(np.interp(leaves_h, grid.edges_h, np.r_[storages.initial_energy_kwh[row], energy_kwh]))
        reached = np.flatnonzero((energy_kwh >= target_kwh - READY_WITHIN_KWH) & (grid.edges_h[:-1] < leaves_h))
        ends, told = (*grid.starts[1:], grid.end), self._explained(unit_id)
        return PromiseModel(
            target_kwh=tidy(target_kwh),
            planned_kwh=tidy(planned_kwh),
            shortfall_kwh=tidy(max(target_kwh - planned_kwh, 0.0)),
            due_at=ends[due_step - 1],
            ready_at=ends[reached[0]] if len(reached) else None,
            probability=self._probability(self.record, unit_id, row),
            cost_at_most=price(told.promise_cost) if told else None,
        )

    def _leaves_h(self, unit_id: str, grid: TimeGrid) -> float:
        """Return when the car leaves, as stated, else as likely sooner as later [h from the grid's start]; 0 if nobody can say."""
        forecast = self._departures.get(unit_id)
        leaves_at = self._stated.get(unit_id) or (forecast.quantiles[MEDIAN] if forecast else grid.start)
        return grid.offset_h(leaves_at)

    def _probability(self, record: TickRecord, unit_id: str, row: int) -> float | None:
        """Return how likely the car has its target when it leaves."""
        departure = self._departures.get(unit_id)
        if departure is None:
            return None
        s = record.problem.storages
        likely = reached_probability(
            record.problem.grid,
            record.plan.energy_kwh[row],
            initial_kwh=float(s.initial_energy_kwh[row]),
            target_kwh=float(s.target_energy_kwh[row]) - READY_WITHIN_KWH,
            departure=departure,
        )
        return tidy(likely)
