"""What was expected, against what came."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query

from adapters.web.access.needs import TheStation, needs
from adapters.web.http.problems import documented
from adapters.web.records.kept import TheRecords
from adapters.web.records.models import ExpectedModel, ForecastsModel
from adapters.web.records.view import expected_view, scores_view
from adapters.web.state.view import health_view
from v2g.access import Right

router = APIRouter(prefix="/api/forecasts", tags=["forecasts"], dependencies=[needs(Right.READ)])

Ago = Annotated[float, Query(ge=0, le=24 * 14, allow_inf_nan=False, description="How long ago it was made, at most [h].")]
Days = Annotated[int, Query(ge=1, le=60, description="How many days back.")]


@router.get("", responses=documented(401, 403, 422, 503))
async def forecasts(station: TheStation, records: TheRecords, days: Days = 28) -> ForecastsModel:
    """Return how the forecasts of each signal did, by day, and which models are in use."""
    health = station.health()
    scores = await records.scores(station.now() - timedelta(days=days))
    said = next((part.detail for part in health.parts if part.name == "forecasts"), "")
    return ForecastsModel(standings=health_view(health).forecasts, scores=scores_view(scores, station.site.time_zone), said=said)


@router.get("/made", responses=documented(401, 403, 404, 422, 503))
async def made(station: TheStation, records: TheRecords, ago_h: Ago = 24.0) -> ExpectedModel:
    """Return the forecast that was made so long ago; the oldest one kept where that is younger, 404 where there is none."""
    expected = await records.expected(station.now() - timedelta(hours=ago_h))
    if expected is None:
        raise HTTPException(404, "no forecast of that time was kept")
    return expected_view(expected)
