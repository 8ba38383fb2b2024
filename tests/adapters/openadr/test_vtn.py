"""The VTN through its REST interface."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.clock import VirtualClock
from adapters.openadr.vtn.callbacks import allowed
from tests.adapters.openadr.vtn_place import Memory, Place
from tests.support.fake_world import World
from v2g.signals import SignalKind

NOW = datetime(2026, 3, 4, 5, 42, tzinfo=UTC)
WORLD = World(NOW)
BEARER = "told to the vtn"


class Hearer:
    """A client's webhook, that fails the first `failing` times."""

    def __init__(self) -> None:
        self.heard: list[tuple[str | None, Any]] = []
        self.failing = 0

    @property
    def app(self) -> Starlette:
        return Starlette(routes=[Route("/hook", self._hear, methods=["POST"])])

    async def _hear(self, request: Request) -> Response:
        if self.failing:
            self.failing -= 1
            return Response(status_code=500)
        self.heard.append((request.headers.get("authorization"), await request.json()))
        return Response()


@pytest.fixture
def hearer() -> Hearer:
    return Hearer()


@pytest.fixture
async def outside(hearer: Hearer) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(hearer.app)) as opened:
        yield opened


@pytest.fixture
async def place(outside: httpx.AsyncClient) -> AsyncIterator[Place]:
    opened = Place(VirtualClock(NOW), WORLD, outside)
    await opened.vtn.open()
    async with opened.http:
        yield opened


def an_event(program_id: str, *values: float, kind: str = "PRICE", **said: Any) -> dict[str, Any]:
    return {
        "programID": program_id,
        "eventName": "evening",
        "intervalPeriod": {"start": "2026-03-04T06:00:00Z", "duration": "PT1H"},
        "intervals": [{"id": i, "payloads": [{"type": kind, "values": [value]}]} for i, value in enumerate(values)],
        **said,
    }


async def a_program(place: Place, name: str = "tou") -> str:
    return str((await place.made("/programs", {"programName": name}))["id"])


def values(place: Place) -> list[list[float]]:
    return [[i.value for i in s.intervals] for s in place.station.signals()]


async def test_an_event_becomes_a_signal_that_says_who_published_it(place: Place) -> None:
    event = await place.made("/events", an_event(await a_program(place), 0.5, 0.9, priority=3))
    (signal,) = place.station.signals()
    assert (signal.kind, signal.source, signal.priority, signal.reason) == (SignalKind.PRICE, "openadr:grid company", 3, "evening")
    assert event["objectType"] == "EVENT"
    assert event["createdDateTime"] == event["modificationDateTime"] == "2026-03-04T05:42:00Z"
    assert (await place.call("GET", f"/events/{event['id']}")).json() == event


async def test_a_changed_event_changes_the_signal_and_a_deleted_one_takes_it_back(place: Place) -> None:
    program = await a_program(place)
    event = await place.made("/events", an_event(program, 0.5, 0.9))
    assert (await place.call("PUT", f"/events/{event['id']}", an_event(program, 0.7))).status_code == 200
    assert values(place) == [[0.7]]
    assert (await place.call("DELETE", f"/events/{event['id']}")).json()["id"] == event["id"]
    assert values(place) == []
    assert (await place.call("GET", f"/events/{event['id']}")).status_code == 404
    assert [gone for kept, gone in place.archive.versions if kept.kind == "EVENT"] == [False, False, True]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"intervals": [{"id": 0, "payloads": [{"type": "PRICE", "values": [1e6]}]}]}, "out of bounds"),
        ({"intervals": [{"id": 0, "payloads": [{"type": "PRICE", "values": [4.99]}]}]}, "station refuses"),
        ({"intervals": [{"id": 0, "payloads": [{"type": "PRICE", "values": ["dear"]}]}]}, "no number"),
        ({"intervals": [{"id": 0, "payloads": [{"type": "IMPORT_CAPACITY_LIMIT", "values": [-5]}]}]}, "out of bounds"),
        ({"intervals": [{"id": 0, "payloads": [{"type": "IMPORT_CAPACITY_SUBSCRIPTION", "values": [-5]}]}]}, "out of bounds"),
        ({"intervals": [{"id": 0, "payloads": [{"type": "DISPATCH_SETPOINT", "values": [5]}]}]}, "dispatch_penalty_per_kwh"),
        ({"intervalPeriod": {"start": "2026-03-04 06:00:00", "duration": "PT1H"}}, "RFC 3339"),
        ({"intervalPeriod": {"start": "2026-03-04T06:00:00Z", "duration": "1h"}}, "ISO 8601"),
        ({"priority": "high"}, "priority"),
        ({"programID": "nowhere"}, "no PROGRAM"),
    ],
)
async def test_what_cannot_be_acted_on_is_refused_and_the_old_version_stays(place: Place, said: dict[str, Any], why: str) -> None:
    program = await a_program(place)
    event = await place.made("/events", an_event(program, 0.5))
    for answer in (
        await place.call("POST", "/events", an_event(program, 1.0) | said),
        await place.call("PUT", f"/events/{event['id']}", an_event(program, 1.0) | said),
    ):
        assert answer.status_code == 400
        assert answer.headers["content-type"] == "application/json"
        assert why in answer.json()["detail"]
    assert values(place) == [[0.5]]
    assert [e["id"] for e in (await place.call("GET", "/events")).json()] == [event["id"]]
    assert (await place.call("GET", f"/events/{event['id']}")).json()["intervals"] == event["intervals"]


async def test_a_programs_units_and_a_second_event_count(place: Place) -> None:
    descriptor = {"objectType": "EVENT_PAYLOAD_DESCRIPTOR", "payloadType": "PRICE", "units": "MWH"}
    program = await place.made("/programs", {"programName": "wholesale", "payloadDescriptors": [descriptor]})
    await place.made("/events", an_event(program["id"], 500.0))
    await place.made("/events", an_event(program["id"], 30.0, kind="IMPORT_CAPACITY_LIMIT"))
    assert sorted(values(place)) == [[0.5], [30.0]]


async def test_a_deleted_program_takes_its_events_with_it(place: Place) -> None:
    program = await a_program(place)
    await place.made("/events", an_event(program, 0.5))
    await place.call("DELETE", f"/programs/{program}")
    assert (await place.call("GET", "/events")).json() == []
    assert values(place) == []


async def test_events_are_in_force_again_after_a_restart(place: Place, outside: httpx.AsyncClient) -> None:
    await place.made("/events", an_event(await a_program(place), 0.5))
    again = Place(place.clock, WORLD, outside, place.archive)
    await again.vtn.open()
    assert values(again) == [[0.5]]
    async with again.http:
        assert len((await again.call("GET", "/vens")).json()) == 1


async def test_a_lost_database_changes_nothing(place: Place) -> None:
    program = await a_program(place)
    place.archive.away = True
    answer = await place.call("POST", "/events", an_event(program, 0.5))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert values(place) == []


async def test_pages(place: Place) -> None:
    program = await a_program(place)
    made = [(await place.made("/events", an_event(program, 0.5 + i / 100)))["id"] for i in range(5)]

    async def ids(**params: Any) -> list[str]:
        return [e["id"] for e in (await place.call("GET", "/events", **params)).json()]

    assert await ids() == made
    assert await ids(skip=1, limit=2) == made[1:3]
    assert await ids(skip=9) == await ids(limit=0) == await ids(programID="other") == []
    for bad in ({"skip": -1}, {"limit": 51}, {"limit": "all"}):
        assert (await place.call("GET", "/events", **bad)).status_code == 400


async def test_active_leaves_out_what_is_over(place: Place) -> None:
    program = await a_program(place)
    await place.made("/events", an_event(program, 0.5))
    place.clock.advance_to(NOW + timedelta(hours=2))
    assert (await place.call("GET", "/events", active=True)).json() == []
    assert len((await place.call("GET", "/events")).json()) == 1


async def test_targets_hide_from_readers_what_they_do_not_name(place: Place) -> None:
    program = await a_program(place)
    await place.made("/events", an_event(program, 0.5, targets=["station-1"]))
    await place.made("/events", an_event(program, 0.6, targets=["elsewhere"]))
    assert values(place) == [[0.5]]
    assert (await place.call("GET", "/events", who="reader")).json() == []
    assert len((await place.call("GET", "/events", who="reader", targets="elsewhere")).json()) == 1
    assert len((await place.call("GET", "/events")).json()) == 2


@pytest.mark.parametrize("path", ["/programs", "/events"])
async def test_readers_cannot_publish_and_strangers_not_even_read(place: Place, path: str) -> None:
    assert (await place.call("POST", path, {"programName": "x", "programID": "x"}, who="reader")).status_code == 403
    assert (await place.call("GET", path, who="nobody")).status_code == 403
    assert (await place.http.get(path)).status_code == 401
    assert (await place.http.get(path, headers={"Authorization": "Bearer guess"})).status_code == 401


async def test_a_token_opens_no_more_than_was_asked_for_and_ends(place: Place) -> None:
    answer = (await place.token(scope="read_all write_events write_moon")).json()
    assert answer["scope"].split() == ["read_all", "write_events"]
    header = {"Authorization": f"{answer['token_type']} {answer['access_token']}"}
    assert (await place.http.get("/events", headers=header)).status_code == 200
    assert (await place.http.post("/programs", headers=header, json={"programName": "x"})).status_code == 403
    place.clock.advance_to(NOW + timedelta(seconds=answer["expires_in"]))
    assert (await place.http.get("/events", headers=header)).status_code == 401


async def test_a_revoked_machine_is_let_in_no_longer_and_a_lost_database_throws_nobody_out(place: Place) -> None:
    header = {"Authorization": f"Bearer {(await place.token()).json()['access_token']}"}
    place.machines.away = True
    place.clock.advance_to(NOW + timedelta(seconds=6))
    assert (await place.http.get("/events", headers=header)).status_code == 200
    place.machines.away = False
    place.machines.revoked.add("grid")
    place.clock.advance_to(NOW + timedelta(seconds=12))
    assert (await place.http.get("/events", headers=header)).status_code == 401


async def test_guessing_secrets_ends_soon(place: Place) -> None:
    answers = [(await place.token(client_secret=f"guess {i}")) for i in range(11)]
    assert [a.status_code for a in answers] == [401] * 10 + [429]
    assert answers[0].json() == {"error": "invalid_client"}
    assert (await place.token()).status_code == 429
    place.clock.advance_to(NOW + timedelta(minutes=2))
    assert (await place.token()).status_code == 200


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({}, "invalid_request"),
        ({"grant_type": "client_credentials"}, "invalid_request"),
    ],
)
async def test_odd_token_requests(place: Place, form: dict[str, str], error: str) -> None:
    answer = await place.http.post("/auth/token", data=form)
    assert (answer.status_code, answer.json()) == (400, {"error": error})


async def test_where_tokens_are_given_is_told(place: Place) -> None:
    assert (await place.http.get("/auth/server")).json() == {"tokenURL": "http://station/auth/token"}


def wish(url: str = "https://ven.example/hook", **said: Any) -> dict[str, Any]:
    operation = {"objects": ["EVENT"], "operations": ["CREATE", "DELETE"], "callbackUrl": url, "bearerToken": BEARER}
    return {"clientName": "grid", "objectOperations": [operation | said]}


async def send(place: Place) -> None:
    """Send all notifications that wait."""
    callbacks = place.vtn._callbacks
    while not callbacks._queue.empty():
        await callbacks._send(callbacks._queue.get_nowait())


async def test_subscribers_are_told_what_they_asked_for(place: Place, hearer: Hearer) -> None:
    program = await a_program(place)
    await place.made("/subscriptions", wish())
    hearer.failing = 2
    event = await place.made("/events", an_event(program, 0.5))
    await place.call("PUT", f"/events/{event['id']}", an_event(program, 0.6))
    await place.call("DELETE", f"/events/{event['id']}")
    await send(place)
    assert [(bearer, told["operation"], told["object"]["id"]) for bearer, told in hearer.heard] == [
        (f"Bearer {BEARER}", "CREATE", event["id"]),
        (f"Bearer {BEARER}", "DELETE", event["id"]),
    ]
    assert hearer.heard[0][1]["object"]["intervals"] == event["intervals"]


async def test_a_webhook_that_stays_away_is_given_up_and_told(place: Place, hearer: Hearer) -> None:
    await place.made("/subscriptions", wish())
    hearer.failing = 9
    await place.made("/events", an_event(await a_program(place), 0.5))
    await send(place)
    assert hearer.failing == 5
    assert "ven.example takes no notifications: it answers 500" in place.vtn.health.detail


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest",
        "http://localhost/hook",
        "http://ven.example.evil.test/hook",
        "http://ven.example@evil.test/hook",
        "http://user:pw@ven.example/hook",
        "file:///etc/passwd",
        "gopher://ven.example/",
        "http://ven.example:22/",
        "http://local/hook",
        "//ven.example/hook",
        "http://[::1]/",
        "http://ven.example:99999/",
        "javascript:alert(1)",
    ],
)
async def test_callbacks_go_to_no_other_hosts(place: Place, url: str) -> None:
    answer = await place.call("POST", "/subscriptions", wish(url))
    assert answer.status_code == 400
    assert "callback_hosts" in answer.json()["detail"]


def test_allowed_hosts_with_and_without_a_port() -> None:
    hosts = frozenset({"ven.example", "local:8443"})
    assert allowed("https://ven.example/x", hosts)
    assert allowed("HTTPS://VEN.example/x", hosts)
    assert allowed("http://local:8443/x", hosts)


async def test_what_belongs_to_a_client_others_do_not_see(place: Place) -> None:
    mine = await place.made("/subscriptions", wish(), who="reader")
    assert mine["objectOperations"][0]["bearerToken"] == BEARER
    path = f"/subscriptions/{mine['id']}"
    assert (await place.call("GET", path, who="other")).status_code == 404
    assert (await place.call("DELETE", path, who="other")).status_code == 404
    assert (await place.call("GET", "/subscriptions", who="other")).json() == []
    (seen,) = (await place.call("GET", "/subscriptions")).json()
    assert "bearerToken" not in seen["objectOperations"][0]


async def test_a_reader_hears_nothing_of_others_subscriptions(place: Place, hearer: Hearer) -> None:
    await place.made("/subscriptions", wish(objects=["SUBSCRIPTION", "VEN"]), who="reader")
    await place.made("/subscriptions", wish(), who="other")
    await send(place)
    assert [told["object"]["clientID"] for _, told in hearer.heard if told["objectType"] == "SUBSCRIPTION"] == ["reader"]


async def test_vens_describe_themselves_and_only_the_grid_gives_targets(place: Place) -> None:
    ven = await place.made("/vens", {"objectType": "VEN_VEN_REQUEST", "venName": "farm"}, who="reader")
    assert (ven["objectType"], ven["clientID"]) == ("VEN", "reader")
    other = {"objectType": "BL_VEN_REQUEST", "venName": "mill", "clientID": "other", "targets": ["group-1"]}
    assert (await place.call("POST", "/vens", other, who="reader")).status_code == 403
    assert (await place.made("/vens", other))["clientID"] == "other"
    assert (await place.call("POST", "/vens", other)).status_code == 409
    assert [v["venName"] for v in (await place.call("GET", "/vens", who="other")).json()] == ["mill"]
    assert [v["venName"] for v in (await place.call("GET", "/vens", venName="station-1")).json()] == ["station-1"]


async def test_the_station_reports_what_events_ask_for(place: Place) -> None:
    wanted = [{"payloadType": "BASELINE", "historical": False}, {"payloadType": "USAGE"}]
    event = await place.made("/events", an_event(await a_program(place), 0.5, reportDescriptors=wanted))
    for _ in range(2):
        await place.vtn._desk.refresh()
    (report,) = (await place.call("GET", "/reports", eventID=event["id"])).json()
    assert report["payloadDescriptors"][0]["payloadType"] == "BASELINE"
    assert report["clientName"] == "station-1"
    place.clock.advance_to(NOW + timedelta(hours=1, minutes=20))
    await place.vtn._desk.refresh()
    kinds = [r["payloadDescriptors"][0]["payloadType"] for r in (await place.call("GET", "/reports")).json()]
    assert kinds == ["BASELINE", "USAGE"]


async def test_too_many_objects_are_refused_and_reports_then_wait(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = [{"payloadType": "BASELINE", "historical": False}]
    program = await a_program(place)
    await place.made("/events", an_event(program, 0.5, reportDescriptors=wanted))
    monkeypatch.setattr("adapters.openadr.vtn.shelf.OBJECTS_MAX", 0)
    answer = await place.call("POST", "/events", an_event(program, 0.6))
    assert (answer.status_code, "delete some" in answer.json()["detail"]) == (409, True)
    await place.vtn._desk.refresh()
    assert "delete some" in place.vtn.health.detail


async def test_program_names_are_unique(place: Place) -> None:
    program = await a_program(place)
    assert (await place.call("POST", "/programs", {"programName": "tou"})).status_code == 409
    assert (await place.call("PUT", f"/programs/{program}", {"programName": "tou"})).status_code == 200


async def test_the_archive_has_every_version(place: Place) -> None:
    memory: Memory = place.archive
    program = await a_program(place)
    event = await place.made("/events", an_event(program, 0.5))
    await place.call("PUT", f"/events/{event['id']}", an_event(program, 0.6))
    told = [(k.by, k.body["intervals"][0]["payloads"][0]["values"]) for k, _ in memory.versions if k.kind == "EVENT"]
    assert told == [("grid company", [0.5]), ("grid company", [0.6])]
