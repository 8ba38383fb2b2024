"""How the station is: health, the present, the past."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from adapters.web.access.needs import OPEN_TO_ALL, TheStation, needs
from adapters.web.http.problems import documented
from adapters.web.state.history import HistoryModel, history_view
from adapters.web.state.live import Live
from adapters.web.state.models import HealthModel, SessionModel, StateModel
from adapters.web.state.view import evse_views, health_view
from v2g.access import Right

router = APIRouter(prefix="/api", tags=["station"])
READING = [needs(Right.READ)]

Hours = Annotated[float, Query(gt=0, le=24 * 31, allow_inf_nan=False, description="How far back [h].")]
Points = Annotated[int, Query(ge=2, le=5000, description="How many points at most; peaks are kept.")]


@router.get("/health", dependencies=READING, responses={503: {"model": HealthModel, "description": "Ticks do not come in time."}})
async def health(station: TheStation, response: Response) -> HealthModel:
    """Return how the daemon is; 503 if it is not alive."""
    current = station.health()
    response.status_code = 200 if current.alive else 503
    return health_view(current)


@router.get(
    "/health/live", dependencies=[OPEN_TO_ALL], status_code=204, responses={503: {"description": "Ticks do not come in time."}}
)
async def live(station: TheStation) -> Response:
    """Answer 204 while ticks come in time."""
    return Response(status_code=204 if station.health().alive else 503)


@router.get(
    "/health/ready",
    dependencies=[OPEN_TO_ALL],
    status_code=204,
    responses={503: {"description": "No tick has succeeded, or the last one failed."}},
)
async def ready(station: TheStation) -> Response:
    """Answer 204 while the station is steered as it should be."""
    return Response(status_code=204 if station.health().ready else 503)


@router.get("/state", dependencies=READING)
async def state(request: Request) -> StateModel:
    """Return the station now: power against the limit, every outlet, where the plan comes from."""
    live: Live = request.app.state.live
    return live.state()


@router.get("/sessions", dependencies=READING)
async def sessions(station: TheStation) -> list[SessionModel]:
    """Return the cars plugged in, with what the plan promises each."""
    views = evse_views(station.site, station.observation(), station.latest(), station.now())
    return [view.session for view in views if view.session]


@router.get("/history", dependencies=READING, responses=documented(422))
async def history(station: TheStation, hours: Hours = 12.0, points: Points = 720) -> HistoryModel:
    """Return the station's past."""
    return history_view(station.history(hours), at_most=points)
