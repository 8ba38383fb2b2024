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
    """Only business logic names another client, or gives targets."""
    _unique("venName")(desk, body, grant, old)
    if body.pop("objectType") == "BL_VEN_REQUEST" and "read_all" not in grant.scopes:
        raise HTTPException(403, "a VEN describes itself by VEN_VEN_REQUEST")
    if old is not None and "targets" in old.body:
        body.setdefault("targets", old.body["targets"])
