"""What drivers ask for."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Response
from fastapi import Path as InPath

from adapters.web.access.needs import TheCaller, TheStation, needs
from adapters.web.http.etags import IfMatch, check_unchanged, tagged
from adapters.web.http.problems import documented
from adapters.web.steering.forms import WishesForm, to_wishes
from adapters.web.steering.models import WishesModel
from adapters.web.steering.sessions import plugged_in, session_at
from v2g.access import Right
from v2g.ports import Station
from v2g.session import ChargingSession

router = APIRouter(prefix="/api/evses", tags=["wishes"])

EvseId = Annotated[str, InPath(min_length=1, max_length=100)]


@router.get("/{evse_id}/wishes", dependencies=[needs(Right.READ)], responses=documented(401, 403, 404, 422, 429))
async def wishes(evse_id: EvseId, station: TheStation, response: Response) -> WishesModel:
    """Return what the driver plugged in at an outlet asked for; 404 if nobody is."""
    check_outlet(evse_id, station)
    found = _told(plugged_in(evse_id, station))
    tagged(response, found)
    return found


@router.post(
    "/{evse_id}/wishes",
    status_code=204,
    dependencies=[needs(Right.STEER)],
    responses=documented(400, 401, 403, 404, 412, 413, 415, 422, 429, 503),
)
async def set_wishes(evse_id: EvseId, form: WishesForm, station: TheStation, caller: TheCaller, if_match: IfMatch = None) -> None:
    """Take the wishes of the driver plugged in at an outlet, in place of earlier ones; the station plans again at once.

    A claim that a phone has to the car ends with it.
    """
    check_outlet(evse_id, station)
    session = session_at(evse_id, station)
    check_unchanged(if_match, _told(session) if session else None)
    await station.set_wishes(evse_id, to_wishes(form, station.now()), by=caller.name)


def check_outlet(evse_id: str, station: Station) -> None:
    """Raise `HTTPException` 404 if the station has no such outlet."""
    if all(evse.evse_id != evse_id for evse in station.site.evses):
        raise HTTPException(404, "there is no such outlet")


def _told(session: ChargingSession) -> WishesModel:
    return WishesModel(**{name: getattr(session.wishes, name) for name in WishesModel.model_fields})
