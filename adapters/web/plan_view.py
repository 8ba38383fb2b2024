"""The plan, as the API tells it."""

import numpy as np

from adapters.web.models import PlanModel, TermModel, UnitPlan
from adapters.web.state_view import limit, tidy
from v2g.outlook import LEVELS
from v2g.record import TickRecord
from v2g.timegrid import Array

LOW, MEDIAN, HIGH = (LEVELS.index(level) for level in (0.10, 0.50, 0.90))


def plan_view(record: TickRecord) -> PlanModel:
    """Return the last tick's plan with the forecasts it was made from."""
    plan, outlook = record.plan, record.outlook
    return PlanModel(
        tick=record.tick,
        made_at=plan.made_at,
        starts=list(plan.grid.starts),
        step_h=[round(float(h), 6) for h in plan.grid.step_h],
        units=[
            UnitPlan(unit_id=unit_id, power_kw=_series(plan.power_kw[i]), energy_kwh=_series(plan.energy_kwh[i]), why=plan.why[i])
            for i, unit_id in enumerate(plan.unit_ids)
        ],
        import_kw=_series(plan.import_kw),
        export_kw=_series(plan.export_kw),
        import_limit_kw=[limit(kw) for kw in plan.import_limit_kw],
        import_price_per_kwh=_series(plan.import_price_per_kwh),
        export_price_per_kwh=_series(plan.export_price_per_kwh),
        fixed_kw=_series(plan.fixed_kw),
        load_kw=_series(outlook.load_kw[MEDIAN]),
        load_low_kw=_series(outlook.load_kw[LOW]),
        load_high_kw=_series(outlook.load_kw[HIGH]),
        pv_kw=_series(outlook.pv_kw[MEDIAN]),
        rung=plan.rung,
        reason=plan.reason,
        gap_frac=plan.gap_frac,
        solve_s=tidy(plan.solve_s),
        times_s={name: tidy(seconds) for name, seconds in record.times_s.items()},
        terms=[TermModel(name=t.name, tier=t.tier, value=tidy(t.value), unit=t.unit) for t in plan.terms],
        notes=list(outlook.notes),
    )


def _series(values: Array) -> list[float]:
    rounded: list[float] = (np.round(values, 3) + 0.0).tolist()
    return rounded
