"""Lists of objects, filtered and in pages."""

from collections.abc import Iterator
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request

from adapters.openadr.reading import read_event, read_targets
from adapters.openadr.vtn.callbacks import shown
from adapters.openadr.vtn.grants import Grant
from adapters.openadr.vtn.models import Event, Name, ObjectId, ObjectType, Program, Report, Resource, Subscription, Ven
from adapters.openadr.vtn.routes import PRIVATE, PUBLIC, the_desk, visible
from adapters.openadr.vtn.security import documented, needs
from adapters.openadr.vtn.shelf import Kept
from v2g.ports import Station

router = APIRouter()
PAGE_MAX = 50
Skip = Annotated[int, Query(ge=0, lt=2**31)]
Limit = Annotated[int, Query(ge=0, le=PAGE_MAX)]
TargetList = Annotated[list[Name], Query(default_factory=list)]
ERRORS = documented(400, 401, 403)
GIVEN: dict[str, Any] = {"response_model_exclude_none": True, "responses": ERRORS}
Reader = Annotated[Grant, needs(*PUBLIC)]
Owner = Annotated[Grant, needs(*PRIVATE)]


@router.get("/programs", response_model=list[Program], tags=["programs"], **GIVEN)
async def programs(*, request: Request, grant: Reader, targets: TargetList, skip: Skip = 0, limit: Limit = PAGE_MAX) -> Any:
    """Return programs, those with targets only to who names one of them."""
    found = (kept for kept in the_desk(request).shelf.all("PROGRAM") if _meant(kept, targets, grant))
    return _page(found, grant, skip, limit)


@router.get("/events", response_model=list[Event], tags=["events"], **GIVEN)
async def events(
    *,
    request: Request,
    grant: Reader,
    programID: ObjectId | None = None,
    targets: TargetList,
    active: bool = False,
    skip: Skip = 0,
    limit: Limit = PAGE_MAX,
) -> Any:
    """Return events; with `active` those that are not over."""
    station: Station = request.app.state.station
    found = (kept for kept in the_desk(request).shelf.all("EVENT") if _meant(kept, targets, grant))
    found = (kept for kept in found if programID is None or kept.body["programID"] == programID)
    return _page((kept for kept in found if not active or _lasts(kept, station)), grant, skip, limit)


@router.get("/reports", response_model=list[Report], tags=["reports"], **GIVEN)
async def reports(
    *,
    request: Request,
    grant: Owner,
    programID: ObjectId | None = None,
    eventID: ObjectId | None = None,
    clientName: Name | None = None,
    skip: Skip = 0,
    limit: Limit = PAGE_MAX,
) -> Any:
    """Return reports."""
    shelf = the_desk(request).shelf
    events = {kept.object_id for kept in shelf.all("EVENT") if programID is None or kept.body["programID"] == programID}
    found = (kept for kept in shelf.all("REPORT") if programID is None or kept.body["eventID"] in events)
    found = (kept for kept in found if eventID is None or kept.body["eventID"] == eventID)
    return _page((kept for kept in found if clientName in (None, kept.body["clientName"])), grant, skip, limit, own=True)


@router.get("/subscriptions", response_model=list[Subscription], tags=["subscriptions"], **GIVEN)
async def subscriptions(
    *,
    request: Request,
    grant: Owner,
    programID: ObjectId | None = None,
    clientName: Name | None = None,
    objects: Annotated[list[ObjectType], Query(default_factory=list)],
    skip: Skip = 0,
    limit: Limit = PAGE_MAX,
) -> Any:
    """Return subscriptions."""
    found = (kept for kept in the_desk(request).shelf.all("SUBSCRIPTION") if clientName in (None, kept.body["clientName"]))
    found = (kept for kept in found if programID in (None, kept.body.get("programID")))
    return _page((kept for kept in found if not objects or _hears(kept, objects)), grant, skip, limit, own=True)


@router.get("/vens", response_model=list[Ven], tags=["vens"], **GIVEN)
async def vens(
    *,
    request: Request,
    grant: Owner,
    venName: Name | None = None,
    targets: TargetList,
    skip: Skip = 0,
    limit: Limit = PAGE_MAX,
) -> Any:
    """Return VENs."""
    found = (kept for kept in the_desk(request).shelf.all("VEN") if venName in (None, kept.body["venName"]))
    found = (kept for kept in found if not targets or read_targets(kept.body) & set(targets))
    return _page(found, grant, skip, limit, own=True)


@router.get("/resources", response_model=list[Resource], tags=["resources"], **GIVEN)
async def resources(
    *,
    request: Request,
    grant: Owner,
    resourceName: Name | None = None,
    venID: ObjectId | None = None,
    targets: TargetList,
    skip: Skip = 0,
    limit: Limit = PAGE_MAX,
) -> Any:
    """Return what VENs steer."""
    found = (kept for kept in the_desk(request).shelf.all("RESOURCE") if resourceName in (None, kept.body["resourceName"]))
    found = (kept for kept in found if venID in (None, kept.body["venID"]))
    found = (kept for kept in found if not targets or read_targets(kept.body) & set(targets))
    return _page(found, grant, skip, limit, own=True)


def _page(found: Iterator[Kept], grant: Grant, skip: int, limit: int, *, own: bool = False) -> list[dict[str, Any]]:
    reads = PRIVATE if own else PUBLIC
    seen = [kept for kept in found if visible(kept, grant, reads)]
    return [shown(kept, to=grant.client_id) for kept in seen[skip : skip + limit]]


def _meant(kept: Kept, targets: list[str], grant: Grant) -> bool:
    """Return whether an object has one of the targets named, or has none; business logic that names none sees all."""
    has = read_targets(kept.body)
    return not has or bool(has & set(targets)) if targets else not has or "read_all" in grant.scopes


def _hears(kept: Kept, objects: list[ObjectType]) -> bool:
    return any(set(objects) & set(wish["objects"]) for wish in kept.body["objectOperations"])


def _lasts(kept: Kept, station: Station) -> bool:
    now = station.now()
    event = read_event(kept.document, now=now, seen_at=kept.changed_at, zone=ZoneInfo(station.site.time_zone))
    return any(span.end > now for span in event.spans)
