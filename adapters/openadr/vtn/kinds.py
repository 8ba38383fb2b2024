"""The kinds of objects that are served, and what a new one must fit."""

from fastapi import HTTPException

from adapters.openadr.vtn.callbacks import allowed
from adapters.openadr.vtn.desk import Desk
from adapters.openadr.vtn.grants import Grant
from adapters.openadr.vtn.models import (
    Document,
    Event,
    EventRequest,
    Program,
    ProgramRequest,
    Report,
    ReportRequest,
    Resource,
    ResourceRequest,
    Subscription,
    SubscriptionRequest,
    Ven,
    VenRequest,
)
from adapters.openadr.vtn.routes import PRIVATE, PUBLIC, Check, Kind
from adapters.openadr.vtn.shelf import Kept


def kinds(hosts: frozenset[str]) -> tuple[Kind, ...]:
    """Return all kinds; subscribers are called at `hosts` only."""
    made = (
        ("/programs", "PROGRAM", ProgramRequest, Program, PUBLIC, "write_programs", _unique("programName")),
        ("/events", "EVENT", EventRequest, Event, PUBLIC, "write_events", _points("programID", "PROGRAM")),
        ("/reports", "REPORT", ReportRequest, Report, PRIVATE, "write_reports", _points("eventID", "EVENT")),
        ("/subscriptions", "SUBSCRIPTION", SubscriptionRequest, Subscription, PRIVATE, "write_subscriptions", _callable(hosts)),
        ("/vens", "VEN", VenRequest, Ven, PRIVATE, "write_vens", _ven),
        ("/resources", "RESOURCE", ResourceRequest, Resource, PRIVATE, "write_vens", _resource),
    )
    return tuple(
        Kind(path=path, object_type=kind, request=request, answer=answer, reads=reads, writes=writes, check=check)
        for path, kind, request, answer, reads, writes, check in made
    )


def _unique(name: str) -> Check:
    def check(desk: Desk, body: Document, _grant: Grant, old: Kept | None) -> None:
        kind = "PROGRAM" if name == "programName" else "VEN"
        if any(kept.body[name] == body[name] and (old is None or kept.object_id != old.object_id) for kept in desk.shelf.all(kind)):
            raise HTTPException(409, f"there is one of this {name} already")

    return check


def _points(field: str, kind: str) -> Check:
    def check(desk: Desk, body: Document, _grant: Grant, _old: Kept | None) -> None:
        if desk.shelf.find(kind, body[field]) is None:
            raise HTTPException(400, f"{field}: there is no {kind} {body[field]}")

    return check


def _callable(hosts: frozenset[str]) -> Check:
    def check(_desk: Desk, body: Document, grant: Grant, _old: Kept | None) -> None:
        for wish in body["objectOperations"]:
            if not allowed(wish["callbackUrl"], hosts):
                raise HTTPException(400, "callbackUrl: the site file allows no callbacks to this host (openadr_vtn.callback_hosts)")
        body["business"] = "read_all" in grant.scopes

    return check


def _ven(desk: Desk, body: Document, grant: Grant, old: Kept | None) -> None:
    _unique("venName")(desk, body, grant, old)
    _described_by(body, grant, old)


def _resource(desk: Desk, body: Document, grant: Grant, old: Kept | None) -> None:
    """Give a resource to whom its VEN belongs to; names are unique within a VEN."""
    _described_by(body, grant, old)
    ven = _ven_of(desk, body, grant, old)
    if old is not None and ven.object_id != old.body["venID"]:
        raise HTTPException(400, "venID: a resource stays with its VEN")
    body |= {"venID": ven.object_id, "clientID": ven.client_id}
    theirs = (kept for kept in desk.shelf.all("RESOURCE") if kept.body["venID"] == ven.object_id)
    if any(kept.body["resourceName"] == body["resourceName"] for kept in theirs if old is None or kept.object_id != old.object_id):
        raise HTTPException(409, "the VEN has a resource of this name already")


def _ven_of(desk: Desk, body: Document, grant: Grant, old: Kept | None) -> Kept:
    """Return the VEN of a resource: the one named, or else the one it had, or the client's only one."""
    named = body.get("venID") or (old and old.body["venID"])
    seen = [kept for kept in desk.shelf.all("VEN") if "read_all" in grant.scopes or kept.client_id == grant.client_id]
    found = [kept for kept in seen if kept.object_id == named] if named else seen
    if len(found) != 1:
        raise HTTPException(400, f"venID: there is no VEN {named}" if named else f"venID: you have {len(found)} VENs, say which")
    return found[0]


def _described_by(body: Document, grant: Grant, old: Kept | None) -> None:
    """Take out who describes the object: only business logic names another client, or gives targets."""
    if body.pop("objectType").startswith("BL_") and "read_all" not in grant.scopes:
        raise HTTPException(403, "a VEN describes itself, by VEN_VEN_REQUEST and VEN_RESOURCE_REQUEST")
    if old is not None and "targets" in old.body:
        body.setdefault("targets", old.body["targets"])
