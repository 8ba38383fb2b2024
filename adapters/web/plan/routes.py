"""The plan and what signals change of it."""

from fastapi import APIRouter, HTTPException

from adapters.web.access.needs import TheStation, needs
from adapters.web.http.problems import documented
from adapters.web.plan.models import EffectModel, PlanModel
from adapters.web.plan.view import effect_view, plan_view
from v2g.access import Right

router = APIRouter(prefix="/api", tags=["station"], dependencies=[needs(Right.READ)])


@router.get("/plan", responses=documented(404))
async def plan(station: TheStation) -> PlanModel:
    """Return the plan with the forecasts it was made from; 404 before the first tick."""
    record = station.latest()
    if record is None:
        raise HTTPException(404, "there is no plan yet: the first tick has not run")
    return plan_view(record, station.site)


@router.get("/plan/effect", responses=documented(404, 503))
async def effect(station: TheStation) -> EffectModel:
    """Return what the published signals change, solved when asked; 404 where nothing is published, 503 if no solver answers."""
    changed = await station.signal_effect()
    if changed is None:
        raise HTTPException(404, "no plan was made under a signal")
    return effect_view(changed)
