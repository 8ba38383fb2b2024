"""What VENs steer, at the VTN."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from adapters.clock import VirtualClock
from tests.adapters.openadr.vtn_place import Place
from tests.support.fake_world import World

NOW = datetime(2026, 3, 4, 5, 42, tzinfo=UTC)
WORLD = World(NOW)


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with httpx.AsyncClient() as outside:
        opened = Place(VirtualClock(NOW), WORLD, outside)
        await opened.vtn.open()
        async with opened.http:
            yield opened


async def a_ven(place: Place, who: str, name: str = "") -> str:
    made = await place.made("/vens", {"objectType": "VEN_VEN_REQUEST", "venName": name or f"ven of {who}"}, who=who)
    return str(made["id"])


def own(name: str, **said: Any) -> dict[str, Any]:
    return {"objectType": "VEN_RESOURCE_REQUEST", "resourceName": name, **said}


def by_business(name: str, ven_id: str, **said: Any) -> dict[str, Any]:
    return {"objectType": "BL_RESOURCE_REQUEST", "resourceName": name, "venID": ven_id, **said}


async def test_a_ven_tells_what_it_steers_and_others_do_not_see_it(place: Place) -> None:
    ven = await a_ven(place, "reader")
    made = await place.made("/resources", own("meter"), who="reader")
    assert (made["objectType"], made["venID"], made["clientID"]) == ("RESOURCE", ven, "reader")
    assert [r["resourceName"] for r in (await place.call("GET", "/resources", who="reader", venID=ven)).json()] == ["meter"]
    assert (await place.call("GET", "/resources", who="other")).json() == []
    assert (await place.call("GET", f"/resources/{made['id']}", who="other")).status_code == 404
    assert (await place.call("GET", "/resources", resourceName="car")).json() == []


async def test_the_grid_adds_to_any_ven_and_only_it_gives_targets(place: Place) -> None:
    ven = await a_ven(place, "reader")
    assert (await place.call("POST", "/resources", by_business("car", ven), who="reader")).status_code == 403
    made = await place.made("/resources", by_business("car", ven, targets=["group-1"], clientID="somebody"))
    assert (made["clientID"], made["targets"]) == ("reader", ["group-1"])
    path = f"/resources/{made['id']}"
    changed = (await place.call("PUT", path, own("van"), who="reader")).json()
    assert (changed["resourceName"], changed["targets"]) == ("van", ["group-1"])
    assert [r["id"] for r in (await place.call("GET", "/resources", targets="group-1")).json()] == [made["id"]]
    assert (await place.call("GET", "/resources", targets="group-2")).json() == []


async def test_a_resource_needs_a_ven_of_ones_own_and_a_name_of_its_own(place: Place) -> None:
    assert (await place.call("POST", "/resources", own("meter"), who="reader")).status_code == 400
    mine, theirs = await a_ven(place, "reader"), await a_ven(place, "other")
    made = await place.made("/resources", own("meter"), who="reader")
    assert (await place.call("POST", "/resources", own("meter"), who="reader")).status_code == 409
    for stolen in (own("x", venID=theirs), own("x", venID="none")):
        assert (await place.call("POST", "/resources", stolen, who="reader")).status_code == 400
    moved = await place.call("PUT", f"/resources/{made['id']}", by_business("meter", theirs))
    assert (moved.status_code, "stays with its VEN" in moved.json()["detail"]) == (400, True)
    await a_ven(place, "reader", "another")
    assert "say which" in (await place.call("POST", "/resources", own("y"), who="reader")).json()["detail"]
    assert (await place.made("/resources", own("y", venID=mine), who="reader"))["venID"] == mine


async def test_a_deleted_ven_takes_its_resources_with_it(place: Place) -> None:
    ven = await a_ven(place, "reader")
    await place.made("/resources", own("meter"), who="reader")
    assert (await place.call("DELETE", f"/vens/{ven}", who="reader")).status_code == 200
    assert (await place.call("GET", "/resources")).json() == []
