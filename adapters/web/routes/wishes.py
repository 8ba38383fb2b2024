"""What drivers ask for."""

from typing import Annotated

from fastapi import APIRouter, HTTPException
from fastapi import Path as InPath

from adapters.web.access import TheStation, needs
from adapters.web.problems import documented
from adapters.web.requests import WishesForm, to_wishes
from v2g.access import Right

router = APIRouter(prefix="/api/evses", tags=["wishes"])

EvseId = Annotated[str, InPath(min_length=1, max_length=100)]


@router.post(
    "/{evse_id}/wishes",
    status_code=204,
    dependencies=[needs(Right.STEER)],
    responses=documented(400, 401, 403, 404, 413, 422, 503),
)
async def set_wishes(evse_id: EvseId, form: WishesForm, station: TheStation) -> None:
    """Take the wishes of the driver plugged in at an outlet, in place of earlier ones; the station plans again at once."""
    if all(evse.evse_id != evse_id for evse in station.site.evses):
        raise HTTPException(404, "there is no such outlet")
    await station.set_wishes(evse_id, to_wishes(form, station.now()))
