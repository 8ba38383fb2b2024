"""Creating, reading, changing and deleting objects: the same calls for every kind, with the scopes of the text."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Request
from fastapi import Path as InPath
from pydantic import BaseModel

from adapters.openadr.vtn.callbacks import shown
from adapters.openadr.vtn.desk import Desk
from adapters.openadr.vtn.grants import Grant
from adapters.openadr.vtn.models import Document, ObjectId
from adapters.openadr.vtn.security import documented, needs
from adapters.openadr.vtn.shelf import Kept

PUBLIC, PRIVATE = ("read_all", "read_targets"), ("read_all", "read_ven_objects")
"""Scopes to read programs and events, and to read what belongs to a client."""
Check = Callable[[Desk, Document, Grant, Kept | None], None]
ById = Annotated[ObjectId, InPath(alias="objectID")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of object.

    `path` and `object_type` are its names in the text, `request` and `answer` its models, `reads` and `writes` the scopes; `check`
    raises `HTTPException` if a body does not fit what is there, and may complete it.
    """

    path: str
    object_type: str
    request: Any
    answer: type[BaseModel]
    reads: tuple[str, ...]
    writes: str
    check: Check


def the_desk(request: Request) -> Desk:
    """Return the desk of the application."""
    desk: Desk = request.app.state.desk
    return desk


def visible(kept: Kept, grant: Grant, reads: tuple[str, ...]) -> bool:
    """Return whether a client may see an object: what belongs to a client, only that client and business logic."""
    return reads == PUBLIC or "read_all" in grant.scopes or kept.client_id == grant.client_id


def object_routes(kind: Kind) -> APIRouter:
    """Return the calls on single objects of a kind, and the one that creates them."""
    router = APIRouter(prefix=kind.path, tags=[kind.path.strip("/")])

    def find(request: Request, object_id: str, grant: Grant) -> Kept:
        kept = the_desk(request).shelf.find(kind.object_type, object_id)
        if kept is None or not visible(kept, grant, kind.reads):
            raise HTTPException(404, f"there is no {kind.object_type} {object_id}")
        return kept

    def own(request: Request, object_id: str, grant: Grant) -> Kept:
        kept = find(request, object_id, grant)
        if "read_all" not in grant.scopes and kept.client_id != grant.client_id:
            raise HTTPException(403, "this belongs to another client")
        return kept

    async def create(request: Request, body: Any, grant: Annotated[Grant, needs(kind.writes)]) -> Any:
        desk, said = the_desk(request), body.model_dump(exclude_none=True)
        kind.check(desk, said, grant, None)
        client_id = said.pop("clientID", grant.client_id)
        return shown(await desk.create(kind.object_type, said, client_id=client_id, by=grant.by), to=grant.client_id)

    async def read(request: Request, object_id: ById, grant: Annotated[Grant, needs(*kind.reads)]) -> Any:
        return shown(find(request, object_id, grant), to=grant.client_id)

    async def update(request: Request, object_id: ById, body: Any, grant: Annotated[Grant, needs(kind.writes)]) -> Any:
        desk, kept, said = the_desk(request), own(request, object_id, grant), body.model_dump(exclude_none=True)
        kind.check(desk, said, grant, kept)
        said.pop("clientID", None)
        return shown(await desk.update(kept, said, by=grant.by), to=grant.client_id)

    async def delete(request: Request, object_id: ById, grant: Annotated[Grant, needs(kind.writes)]) -> Any:
        kept = own(request, object_id, grant)
        await the_desk(request).delete(kept, by=grant.by)
        return shown(kept, to=grant.client_id)

    # The framework reads what a body must be from the annotations, and each kind has its own.
    for call in (create, update):
        call.__annotations__["body"] = kind.request
    given: dict[str, Any] = {"response_model": kind.answer, "response_model_exclude_none": True}
    router.add_api_route("", create, methods=["POST"], status_code=201, responses=documented(400, 401, 403, 409, 413, 503), **given)
    one = "/{objectID}"
    router.add_api_route(one, read, methods=["GET"], responses=documented(400, 401, 403, 404), **given)
    router.add_api_route(one, update, methods=["PUT"], responses=documented(400, 401, 403, 404, 409, 413, 503), **given)
    router.add_api_route(one, delete, methods=["DELETE"], responses=documented(400, 401, 403, 404, 503), **given)
    return router
