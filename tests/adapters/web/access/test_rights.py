"""Every call times every role: who is let in, who is not."""

from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import Mount

from adapters.web import create_app
from adapters.web.access.callers import Callers, Shown
from adapters.web.access.needs import Needs, nothing
from tests.support.fake_orders import FakeArchive, FakeOverrides
from tests.support.fake_previews import FakePreviews
from tests.support.fake_records import FakeRecords
from tests.support.fake_station import FakeStation
from v2g.access import EVERYTHING, RIGHTS, Caller, CallerKind, Right, Role

SCHEMA, MOUNTS = "/api/openapi.json", {"/static"}
ENDLESS, LOGGING_IN = "/api/stream", {"/api/login", "/api/login/link", "/api/logout"}
BY_CODE = {"/api/car/{token}/wishes"}
UNKNOWN = Caller(name="", role=Role.VIEWER, kind=CallerKind.ANYBODY, scope=frozenset())


class Known(Callers):
    """Lets in one caller, whatever is shown."""

    def __init__(self, caller: Caller | None) -> None:
        super().__init__()
        self._caller = caller

    async def find(self, shown: Shown) -> Caller | None:  # noqa: ARG002  # of the class it stands for
        return self._caller


def app_for(station: FakeStation, caller: Caller | None = None) -> FastAPI:
    app = create_app(
        station,
        metrics=lambda: b"",
        previews=FakePreviews(),
        records=FakeRecords(station),
        overrides=FakeOverrides(station),
        archive=FakeArchive(station),
    )
    app.state.callers = Known(caller)
    return app


def calls(app: FastAPI) -> Iterator[tuple[str, str, Right | None]]:
    """Yield method, path and the right of every call. Fails for one that names no right and is not said to be open to all."""
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        path = getattr(context, "path", None) or route.path
        if isinstance(route, Mount):
            assert path in MOUNTS, f"{path} is mounted: who guards it?"
        elif isinstance(route, APIRoute):
            said = list(rights_of(context.dependant))
            assert len(said) == 1, f"{path} names {len(said)} rights: give it one, needs(Right.…) or OPEN_TO_ALL"
            yield from ((method, path, said[0]) for method in sorted(context.methods))
        else:
            assert path == SCHEMA, f"{path} names no right"


def rights_of(dependant: Dependant) -> Iterator[Right | None]:
    for inner in dependant.dependencies:
        if isinstance(inner.call, Needs):
            yield inner.call.right
        elif inner.call is nothing:
            yield None
        yield from rights_of(inner)


def test_every_call_names_its_right(station: FakeStation) -> None:
    named = list(calls(app_for(station)))
    assert len(named) == len(set(named)) > 10
    assert {path for method, path, right in named if right is None and method != "GET"} == LOGGING_IN | BY_CODE


async def answer_of(app: FastAPI, method: str, path: str) -> int:
    address = path.replace("{", "").replace("}", "")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
        return (await client.request(method, address)).status_code


@pytest.mark.parametrize("role", Role)
async def test_a_role_may_what_its_rights_say_and_no_more(station: FakeStation, role: Role) -> None:
    app = app_for(station, Caller(name="x", role=role, kind=CallerKind.PERSON))
    for method, path, right in calls(app):
        if path == ENDLESS and right in RIGHTS[role]:
            continue
        refused = await answer_of(app, method, path) == 403
        assert refused == (right is not None and right not in RIGHTS[role]), f"{role}: {method} {path}"


@pytest.mark.parametrize("caller", [None, UNKNOWN])
async def test_who_is_not_known_gets_nothing(station: FakeStation, caller: Caller | None) -> None:
    app = app_for(station, caller)
    for method, path, right in calls(app):
        refused = await answer_of(app, method, path) == 401
        assert refused == (right is not None), f"{method} {path}"


def test_roles_as_decided() -> None:
    assert RIGHTS[Role.VIEWER] < RIGHTS[Role.OPERATOR] < RIGHTS[Role.ADMIN] == EVERYTHING
    assert RIGHTS[Role.VIEWER] < RIGHTS[Role.GRID_OPERATOR] < RIGHTS[Role.ADMIN]
    assert Right.SIGNAL not in RIGHTS[Role.OPERATOR]
    assert Right.STEER not in RIGHTS[Role.GRID_OPERATOR]


@pytest.mark.parametrize("role", Role)
def test_a_machine_makes_no_people_whatever_its_role(role: Role) -> None:
    assert not Caller(name="x", role=role, kind=CallerKind.MACHINE).may(Right.PEOPLE)


def test_a_scope_narrows_a_role_and_never_widens_it() -> None:
    narrow = Caller(name="x", role=Role.VIEWER, kind=CallerKind.MACHINE, scope=frozenset({Right.SIGNAL}))
    assert narrow.rights == frozenset()
