"""What people order outlets to do, for a while."""

from typing import Annotated
from uuid import uuid4

import structlog
from fastapi import APIRouter, Depends, HTTPException, Request, Response

from adapters.web.access.needs import TheCaller, TheStation, needs
from adapters.web.http.etags import IfMatch, check_unchanged, tagged
from adapters.web.http.paging import Cursor, Limit, Page, page_of, place_of
from adapters.web.http.problems import documented
from adapters.web.steering.models import OverrideModel
from adapters.web.steering.overrides import OverrideForm, PastOverrideModel, override_view, past_override_view, to_override
from adapters.web.steering.wish_routes import EvseId, check_outlet
from v2g.access import Right
from v2g.overrides import Overrides

router = APIRouter(prefix="/api", tags=["overrides"])
log = structlog.get_logger(__name__)
READING, STEERING = [needs(Right.READ)], [needs(Right.STEER)]


def the_overrides(request: Request) -> Overrides:
    """Return the station's orders."""
    overrides: Overrides = request.app.state.overrides
    return overrides


TheOverrides = Annotated[Overrides, Depends(the_overrides)]


@router.get("/overrides", dependencies=READING, responses=documented(401, 403, 429))
async def active(overrides: TheOverrides) -> list[OverrideModel]:
    """Return the orders whose time is now, the oldest first."""
    return [override_view(override) for override in overrides.active()]


@router.get("/overrides/past", dependencies=READING, responses=documented(401, 403, 422, 429, 503))
async def past(overrides: TheOverrides, cursor: Cursor = None, limit: Limit = 50) -> Page[PastOverrideModel]:
    """Return all orders, the newest first, page by page."""
    found = await overrides.past(before=place_of(cursor), limit=limit)
    places = [(p.override.issued_at, p.override.override_id) for p in found]
    return page_of([past_override_view(p) for p in found], places, limit)


@router.get("/evses/{evse_id}/override", dependencies=READING, responses=documented(401, 403, 404, 422, 429))
async def of_outlet(evse_id: EvseId, overrides: TheOverrides, response: Response) -> OverrideModel:
    """Return the order in force at an outlet; 404 if there is none."""
    found = _of(overrides, evse_id)
    if found is None:
        raise HTTPException(404, "nothing is ordered there")
    tagged(response, found)
    return found


@router.put(
    "/evses/{evse_id}/override", dependencies=STEERING, responses=documented(400, 401, 403, 404, 412, 413, 415, 422, 429, 503)
)
async def order(
    evse_id: EvseId,
    form: OverrideForm,
    *,
    station: TheStation,
    overrides: TheOverrides,
    caller: TheCaller,
    response: Response,
    if_match: IfMatch = None,
) -> OverrideModel:
    """Order an outlet to pause, to charge now or to stay below a power, until then, in place of an earlier order.

    It never widens what limits, the car or its driver allow; the station plans again at once.
    """
    check_outlet(evse_id, station)
    check_unchanged(if_match, _of(overrides, evse_id))
    override = to_override(form, override_id=uuid4().hex, evse_id=evse_id, by=caller.name, now=station.now())
    await overrides.order(override)
    log.info("override_ordered", evse_id=evse_id, kind=form.kind, by=caller.name)
    view = override_view(override)
    tagged(response, view)
    return view


@router.delete(
    "/evses/{evse_id}/override", status_code=204, dependencies=STEERING, responses=documented(401, 403, 404, 412, 422, 429, 503)
)
async def lift(evse_id: EvseId, station: TheStation, overrides: TheOverrides, caller: TheCaller, if_match: IfMatch = None) -> None:
    """End the order at an outlet; the station plans again at once."""
    check_outlet(evse_id, station)
    check_unchanged(if_match, _of(overrides, evse_id))
    if not await overrides.lift(evse_id, by=caller.name):
        raise HTTPException(404, "nothing is ordered there")
    log.info("override_lifted", evse_id=evse_id, by=caller.name)


def _of(overrides: Overrides, evse_id: str) -> OverrideModel | None:
    return next((override_view(o) for o in overrides.active() if o.evse_id == evse_id), None)
