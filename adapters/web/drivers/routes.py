"""The driver's page: of those who know an outlet's token, from the QR code on it, the first speaks for the car there."""

from dataclasses import replace
from typing import Annotated

import segno
from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi import Path as InPath

from adapters.attempts import Attempts, neighbourhood
from adapters.web.access.callers import too_often
from adapters.web.access.needs import OPEN_TO_ALL, TheStation, address_of, needs
from adapters.web.drivers.phones import Shown, known, remembered
from adapters.web.drivers.view import CarModel, LinkModel, car_view
from adapters.web.http.problems import documented
from adapters.web.steering.forms import CarForm, WishesForm, to_wishes
from adapters.web.steering.sessions import plugged_in
from v2g.access import Right
from v2g.claims import claim_for, may_consent
from v2g.outlet_links import OutletLinks
from v2g.site import Evse

router = APIRouter(prefix="/api", tags=["drivers"])
GUESSES, GUESS_PERIOD_S = 20, 30.0
"""So many wrong tokens of an address at once, then one in so long."""
DEEDS, DEED_PERIOD_S = 20, 5.0
"""So many changes of mind at an outlet at once, then one in so long: each makes the station plan again."""

Token = Annotated[str, InPath(min_length=1, max_length=64, pattern="^[a-z2-7]+$")]
EvseId = Annotated[str, InPath(min_length=1, max_length=100)]


class DriversDoor:
    """Counts wrong tokens by address, and changes by outlet."""

    def __init__(self, links: OutletLinks | None) -> None:
        self.links = links
        self.guesses = Attempts(burst=GUESSES, period_s=GUESS_PERIOD_S)
        self.deeds = Attempts(burst=DEEDS, period_s=DEED_PERIOD_S)


def the_door(request: Request) -> DriversDoor:
    """Return what guards the drivers' pages."""
    door: DriversDoor = request.app.state.drivers_door
    return door


TheDoor = Annotated[DriversDoor, Depends(the_door)]


async def the_outlet(token: Token, request: Request, station: TheStation, door: TheDoor) -> Evse:
    """Return the outlet of a token. Raises `HTTPException` for a wrong one, and for too many."""
    evse_id = door.links.outlet(token) if door.links else None
    for evse in station.site.evses:
        if evse.evse_id == evse_id:
            return evse
    if wait_s := door.guesses.take(neighbourhood(address_of(request))):
        raise too_often(wait_s)
    raise HTTPException(404, "this code belongs to no outlet here: scan it again")


TheOutlet = Annotated[Evse, Depends(the_outlet)]


@router.get("/car/{token}", dependencies=[OPEN_TO_ALL], responses=documented(404, 422, 429))  # noqa: FAST003  # `the_outlet` takes the token
async def car(evse: TheOutlet, station: TheStation, request: Request, response: Response, shown: Shown = None) -> CarModel:
    """Return the outlet and the car at it: when it will be ready, how likely, what that saves, and what this phone may say.

    It gives the phone the cookie by which it is known again when it speaks.
    """
    return car_view(station, request.app.state.live, evse, remembered(shown, request, response))


@router.post(
    "/car/{token}/wishes",  # noqa: FAST003  # `the_outlet` takes the token
    status_code=204,
    dependencies=[OPEN_TO_ALL],
    responses=documented(400, 403, 404, 413, 415, 422, 429, 503),
)
async def wish(evse: TheOutlet, form: CarForm, station: TheStation, door: TheDoor, shown: Shown = None) -> None:
    """Take the wishes of the driver at this outlet, in place of earlier ones; the station plans again at once.

    The first phone to speak claims the car until it leaves, and others are refused. Consent to discharge is taken by a claim made
    soon after plug-in.
    """
    if wait_s := door.deeds.take(evse.evse_id):
        raise too_often(wait_s)
    secret = known(shown)
    if secret is None:
        raise HTTPException(403, "this phone shows no cookie: open the code's page first, and allow cookies")
    session, now = plugged_in(evse.evse_id, station), station.now()
    wishes = to_wishes(WishesForm(**form.model_dump()), now)
    claim = claim_for(session, secret, station.site.rules, now)
    if claim is None:
        raise HTTPException(
            403, "another phone speaks for this car: ask the staff, or unplug, plug in again and scan the code at once"
        )
    if wishes.discharge_consent and not may_consent(session, claim):
        raise HTTPException(
            403, "it is too late to consent by the code: ask the staff, or unplug, plug in again and scan it at once"
        )
    was = session.wishes
    wishes = replace(wishes, priority=was.priority, soc_floor_frac=was.soc_floor_frac, claim=claim)
    await station.set_wishes(evse.evse_id, wishes)  # takes them before it first waits: no other phone comes between


@router.get("/evses/{evse_id}/driver-link", dependencies=[needs(Right.STEER)], responses=documented(401, 403, 404, 422, 503))
async def driver_link(evse_id: EvseId, request: Request, door: TheDoor) -> LinkModel:
    """Return the address of an outlet's page for its driver, and its QR code, to be printed and put on the outlet."""
    if door.links is None:
        raise HTTPException(503, "this station has no drivers' pages")
    token = door.links.token(evse_id)
    if token is None:
        raise HTTPException(404, "there is no such outlet")
    url = f"{request.base_url}car/{token}"
    return LinkModel(evse_id=evse_id, url=url, qr=segno.make(url, error="m").svg_data_uri(scale=8, border=2))
