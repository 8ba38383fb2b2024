"""Being called by a VTN, and the VEN at our own VTN."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from adapters.clock import VirtualClock
from adapters.openadr.client import Account, VtnClient
from adapters.openadr.mapping import Terms
from adapters.openadr.ven import Manner, Ven
from adapters.openadr.vtn.service import PATH
from tests.adapters.openadr.double import BASE, Double, an_event
from tests.adapters.openadr.vtn_place import Place
from tests.support.fake_station import FakeStation
from tests.support.fake_world import World
from v2g.station import Condition

NOW = datetime(2026, 3, 4, 5, 42, tzinfo=UTC)
WORLD = World(NOW)
URL = "http://ven.example/openadr/callback"
TERMS = Terms(source="openadr", prefix="oa-", ven_name="farm", names=frozenset({"farm"}))


def a_ven(
    http: httpx.AsyncClient, base: str, *, client_id: str, secret: str, program: str | None = "tou"
) -> tuple[Ven, FakeStation]:
    clock = VirtualClock(NOW)
    station = FakeStation(clock, world=WORLD)
    account = Account(vtn_url=base, client_id=client_id, client_secret=secret)
    manner = Manner(program=program, callback_url=URL)
    return Ven(VtnClient(http, account, clock), station, clock, terms=TERMS, manner=manner), station


async def test_the_vtn_is_asked_to_call_once_and_again_after_an_outage_in_place_of_before() -> None:
    double = Double(events=[an_event()])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(double.app)) as http:
        ven, _ = a_ven(http, f"http://vtn.test{BASE}", client_id="me", secret="s3cret")  # noqa: S106  # of a test
        for _ in range(2):
            await ven.poll()
        (made,) = double.subscriptions
        assert made["programID"] == "p1"
        assert made["objectOperations"][0]["callbackUrl"] == URL
        double.bugs = {"error_500"}
        await ven.poll()
        double.bugs = set()
        await ven.poll()
        (again,) = double.subscriptions
        assert again is not made


@pytest.mark.parametrize(
    ("method", "path", "bearer", "status"),
    [
        ("POST", "/openadr/callback", "ours", 200),
        ("POST", "/openadr/callback", "guess", 401),
        ("POST", "/openadr/callback", None, 401),
        ("GET", "/openadr/callback", "ours", 405),
        ("POST", "/openadr/other", "ours", 404),
    ],
)
async def test_only_calls_with_our_token_wake_the_ven(method: str, path: str, bearer: str | None, status: int) -> None:
    async with httpx.AsyncClient() as nowhere:
        ven, _ = a_ven(nowhere, "http://vtn.test", client_id="me", secret="x")  # noqa: S106  # of a test
        app = Starlette(routes=[Mount("/openadr", ven.webhook)])
        headers = {"Authorization": f"Bearer {ven.webhook._bearer if bearer == 'ours' else bearer}"} if bearer else {}
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://ven.example") as http:
            answer = await http.request(method, path, headers=headers, content=b"\xff not read")
        assert answer.status_code == status
        assert ven._wake.is_set() is (status == 200)


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    """Yield our own VTN."""
    async with httpx.AsyncClient() as nowhere:
        opened = Place(VirtualClock(NOW), WORLD, nowhere)
        await opened.vtn.open()
        async with opened.http:
            yield opened


async def test_the_ven_follows_our_own_vtn_and_is_called_when_something_changes(place: Place) -> None:
    app = Starlette(routes=[Mount(PATH, place.vtn.app)])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as http:
        ven, station = a_ven(http, f"http://vtn.test{PATH}", client_id="reader", secret="reader-secret")  # noqa: S106  # of a test
        program = (await place.made("/programs", {"programName": "tou"}))["id"]
        event = an_event(programID=program, id=None, targets=["farm"], createdDateTime=None, modificationDateTime=None)
        event["reportDescriptors"] = [{"payloadType": "BASELINE", "historical": False}]
        made = await place.made("/events", event)
        await ven.poll()
        assert [[i.value for i in s.intervals] for s in station.signals()] == [[0.5, 0.9, 0.4]]
        assert place.station.signals() == ()
        assert ven.health.condition is Condition.OK
        (report,) = (await place.call("GET", "/reports", eventID=made["id"], clientName="farm")).json()
        assert report["clientID"] == "reader"
        assert [v["venName"] for v in (await place.call("GET", "/vens", who="reader")).json()] == ["farm"]
        (heard,) = (await place.call("GET", "/subscriptions", who="reader")).json()
        assert heard["objectOperations"][0]["callbackUrl"] == URL


def http_to(ven: Ven) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(Starlette(routes=[Mount("/openadr", ven.webhook)])))


async def test_a_change_at_our_vtn_wakes_the_ven_through_its_webhook(place: Place) -> None:
    async with httpx.AsyncClient() as nowhere:
        ven, _ = a_ven(nowhere, "http://vtn.test", client_id="reader", secret="x")  # noqa: S106  # of a test
        place.vtn._callbacks._http = http_to(ven)
        wish = {"objects": ["EVENT"], "operations": ["CREATE"], "callbackUrl": URL, "bearerToken": ven.webhook._bearer}
        await place.made("/subscriptions", {"clientName": "farm", "objectOperations": [wish]}, who="reader")
        program = (await place.made("/programs", {"programName": "tou"}))["id"]
        assert not ven._wake.is_set()
        await place.made("/events", {"programID": program})
        await place.vtn._callbacks._send(place.vtn._callbacks._queue.get_nowait())
        assert ven._wake.is_set()
