"""The plan, as the API tells it."""

from math import inf

import numpy as np

from adapters.web.figures import limit, series, tidy
from adapters.web.plan.explanation import explanation_view
from adapters.web.plan.models import EffectModel, PlanModel, TermModel, UnitPlan
from v2g.outlook import LEVELS
from v2g.record import TickRecord
from v2g.response import Response
from v2g.site import Site
from v2g.timegrid import Array

LOW, MEDIAN, HIGH = (LEVELS.index(level) for level in (0.10, 0.50, 0.90))


def plan_view(record: TickRecord, site: Site, *, explained_max: float = inf) -> PlanModel:
    """Return the last tick's plan with the forecasts it was made from; without explanations if it has more than so many units."""
    plan, outlook = record.plan, record.outlook
    price_low, price_high = _price_band(record)
    told = plan.explanations if len(plan.unit_ids) <= explained_max else ()
    explained = {e.unit_id: explanation_view(e, plan, site) for e in told}
    return PlanModel(
        tick=record.tick,
        made_at=plan.made_at,
        signal_ids=[signal.signal_id for signal in record.signals],
        starts=list(plan.grid.starts),
        step_h=[round(float(h), 6) for h in plan.grid.step_h],
        units=[
            UnitPlan(
                unit_id=unit_id,
                power_kw=series(plan.power_kw[i]),
                energy_kwh=series(plan.energy_kwh[i]),
                why=plan.why[i],
                explanation=explained.get(unit_id),
            )
            for i, unit_id in enumerate(plan.unit_ids)
        ],
        import_kw=series(plan.import_kw),
        export_kw=series(plan.export_kw),
        import_limit_kw=[limit(kw) for kw in plan.import_limit_kw],
        import_price_per_kwh=series(plan.import_price_per_kwh),
        import_price_low_per_kwh=series(price_low),
        import_price_high_per_kwh=series(price_high),
        export_price_per_kwh=series(plan.export_price_per_kwh),
        fixed_kw=series(plan.fixed_kw),
        expected_kw=series(np.zeros(plan.grid.n_steps) if plan.expected_kw is None else plan.expected_kw),
        load_kw=series(outlook.load_kw[MEDIAN]),
        load_low_kw=series(outlook.load_kw[LOW]),
        load_high_kw=series(outlook.load_kw[HIGH]),
        pv_kw=series(outlook.pv_kw[MEDIAN]),
        rung=plan.rung,
        reason=plan.reason,
        gap_frac=plan.gap_frac,
        planner=plan.planner,
        solve_s=tidy(plan.solve_s),
        times_s={name: tidy(seconds) for name, seconds in record.times_s.items()},
        terms=[TermModel(name=t.name, tier=t.tier, value=tidy(t.value), unit=t.unit) for t in plan.terms],
        notes=list(outlook.notes),
    )


def _price_band(record: TickRecord) -> tuple[Array, Array]:
    """Return the outer deciles of the import price, the price itself where it is sure."""
    quantiles = record.outlook.import_price_quantiles
    if quantiles is None:
        return record.plan.import_price_per_kwh, record.plan.import_price_per_kwh
    return quantiles[LOW], quantiles[HIGH]


def effect_view(effect: Response) -> EffectModel:
    """Return what the signals of a tick change."""
    return EffectModel(
        starts=list(effect.grid.starts),
        step_h=[round(float(h), 6) for h in effect.grid.step_h],
        import_kw=series(effect.change_kw.expected),
        moved_kwh=tidy(effect.moved_kwh),
        cost=tidy(effect.cost),
        unmet_kwh=tidy(effect.unmet_kwh),
        affected=list(effect.affected),
    )
