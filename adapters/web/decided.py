"""What the last tick decided, by unit, as the API tells it."""

from typing import Literal

import numpy as np

from adapters.web.explanation_view import price, reason_view
from adapters.web.models import PromiseModel, WordsModel
from adapters.web.readings import tidy
from v2g.guarantee import reached_probability
from v2g.record import TickRecord
from v2g.setpoint import Applied, Outcome, Rejected, TimedOut, Unreachable
from v2g.site import Site
from v2g.why import Explanation

READY_WITHIN_KWH = 0.1
"""What a target may lack and still count as reached."""

OutcomeName = Literal["applied", "rejected", "timed_out", "unreachable", "withheld"]
OUTCOME_NAMES: dict[type[Outcome], OutcomeName] = {
    Applied: "applied",
    Rejected: "rejected",
    TimedOut: "timed_out",
    Unreachable: "unreachable",
}


class Decided:
    """What the last tick decided, by unit."""

    def __init__(self, record: TickRecord | None, site: Site) -> None:
        self.record, self.reasons, self.explained = record, dict[str, WordsModel](), dict[str, Explanation]()
        if record is None:
            self.setpoints, self.outcomes, self.why, self.row = {}, {}, {}, {}
            return
        self.setpoints = {setpoint.unit_id: setpoint for setpoint in record.setpoints}
        self.outcomes = {outcome.setpoint.unit_id: OUTCOME_NAMES[type(outcome)] for outcome in record.report.outcomes}
        self.outcomes |= dict.fromkeys((setpoint.unit_id for setpoint in record.report.withheld), "withheld")
        self.why = dict(zip(record.plan.unit_ids, record.plan.why, strict=True))
        self.reasons = {e.unit_id: reason_view(e, record.plan, site) for e in record.plan.explanations}
        self.explained = {e.unit_id: e for e in record.plan.explanations}
        self.row = {unit_id: row for row, unit_id in enumerate(record.problem.storages.unit_ids)}

    def setpoint_kw(self, unit_id: str) -> float | None:
        """Return what the last tick told a unit, None where it told it nothing."""
        return tidy(self.setpoints[unit_id].power_kw) if unit_id in self.setpoints else None

    def promise(self, unit_id: str) -> PromiseModel | None:
        """Return what the plan holds for a unit's driver, None where nothing was promised."""
        if self.record is None or unit_id not in self.row:
            return None
        row, grid, storages = self.row[unit_id], self.record.problem.grid, self.record.problem.storages
        due_step = int(storages.target_step[row])
        if due_step == 0:
            return None
        target_kwh, energy_kwh = float(storages.target_energy_kwh[row]), self.record.plan.energy_kwh[row, :due_step]
        reached = np.flatnonzero(energy_kwh >= target_kwh - READY_WITHIN_KWH)
        ends = (*grid.starts[1:], grid.end)
        return PromiseModel(
            target_kwh=tidy(target_kwh),
            planned_kwh=tidy(energy_kwh[-1]),
            shortfall_kwh=tidy(max(target_kwh - energy_kwh[-1], 0.0)),
            due_at=ends[due_step - 1],
            ready_at=ends[reached[0]] if len(reached) else None,
            probability=self._probability(self.record, unit_id, row),
            cost_at_most=price(self.explained[unit_id].promise_cost) if unit_id in self.explained else None,
        )

    def _probability(self, record: TickRecord, unit_id: str, row: int) -> float | None:
        """Return how likely the car has its target when it leaves."""
        session_id = next((s.session.session_id for s in record.observation.evses if s.evse_id == unit_id and s.session), "")
        departure = next((d for d in record.outlook.departures if d.session_id == session_id), None)
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
