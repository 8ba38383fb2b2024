"""The VEN against a VTN that it shares no code with, in order and with the bugs of the field."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from adapters.clock import VirtualClock
from adapters.openadr.client import Account, VtnClient
from adapters.openadr.mapping import Terms
from adapters.openadr.silence import Fallback
from adapters.openadr.ven import Manner, Ven
from tests.adapters.openadr.double import BASE, Double, an_event
from tests.support.fake_station import FakeStation
from tests.support.fake_world import World
from v2g.errors import SignalError
from v2g.signals import Signal, SignalKind
from v2g.station import Condition

NOW = datetime(2026, 3, 4, 5, 42, tzinfo=UTC)
WORLD = World(NOW)
TERMS = Terms(source="openadr", prefix="oa-", ven_name="station-1", names=frozenset({"station-1"}))
LIMIT = [{"id": 0, "payloads": [{"type": "IMPORT_CAPACITY_LIMIT", "values": [70]}]}]


class Strict(FakeStation):
    """Refuses prices above 5, as a site file's bounds do."""

    async def post_signal(self, signal: Signal, *, by: str = "") -> None:
        if any(i.value > 5 for i in signal.intervals) and signal.kind is SignalKind.PRICE:
            raise SignalError("too dear", place=signal.signal_id)
        await super().post_signal(signal, by=by)


class Place:
    """A VEN with all around it."""

    def __init__(self, http: httpx.AsyncClient, double: Double, *, secret: str = "s3cret", program: str | None = "tou") -> None:  # noqa: S107  # of a test
        self.clock, self.double = VirtualClock(NOW), double
        self.station = Strict(self.clock, world=WORLD)
        account = Account(vtn_url=f"http://vtn.test{BASE}", client_id="me", client_secret=secret)
        client = VtnClient(http, account, self.clock, answer_s=0.2)
        manner = Manner(program=program, silent_after_s=600)
        self.ven = Ven(client, self.station, self.clock, terms=TERMS, manner=manner, fallback=Fallback(import_kw=40.0))

    @property
    def prices(self) -> list[list[float]]:
        return [[i.value for i in s.intervals] for s in self.station.signals() if s.kind is SignalKind.PRICE]

    async def later(self, minutes: float) -> None:
        self.clock.advance_to(self.clock.now() + timedelta(minutes=minutes))
        await self.ven.poll()


@pytest.fixture
def double() -> Double:
    return Double(events=[an_event()])


@pytest.fixture
async def http(double: Double) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(double.app)) as opened:
        yield opened


@pytest.fixture
def place(http: httpx.AsyncClient, double: Double) -> Place:
    return Place(http, double)


async def test_an_event_is_in_force_and_its_programs_are_asked_by_name(place: Place) -> None:
    await place.ven.poll()
    assert place.prices == [[0.5, 0.9, 0.4]]
    assert place.ven.health.condition is Condition.OK
    assert ("events", "p1") in [(what, q.get("programID", [""])[0]) for what, q in place.double.asked]
    assert all(q["targets"] == ["station-1"] for what, q in place.double.asked if what == "events")


@pytest.mark.parametrize(
    "bug",
    [
        "spaced_time",
        "dropped_fields",
        "snake_case",
        "ignores_paging",
        "short_pages",
        "duplicates",
        "no_auth_server",
        "token_dies",
        "no_vens",
        "token_elsewhere",
    ],
)
async def test_bugs_of_the_field_do_not_hide_the_prices(place: Place, bug: str) -> None:
    place.double.events += [an_event(f"e{i}", intervals=LIMIT) for i in range(2, 8)]
    place.double.bugs = {bug}
    await place.ven.poll()
    assert place.prices == [[0.5, 0.9, 0.4]]
    assert sum(s.kind is SignalKind.IMPORT_CAPACITY_LIMIT for s in place.station.signals()) == 6
    assert all(url.startswith("http://vtn.test/") for url in place.double.secrets)


@pytest.mark.parametrize("bug", ["error_500", "slow", "no_json", "no_list", "endless_pages"])
async def test_a_vtn_that_fails_changes_nothing_and_is_told(place: Place, bug: str) -> None:
    await place.ven.poll()
    place.double.bugs = {bug}
    await place.later(1)
    assert place.prices == [[0.5, 0.9, 0.4]]
    assert place.ven.health.condition is Condition.DEGRADED
    assert "VTN" in place.ven.health.detail
    place.double.bugs = set()
    await place.later(1)
    assert place.ven.health.condition is Condition.OK


async def test_a_wrong_secret_is_told(http: httpx.AsyncClient, double: Double) -> None:
    place = Place(http, double, secret="guess")  # noqa: S106  # of a test
    await place.ven.poll()
    assert "client_id" in place.ven.health.detail


async def test_a_modified_event_takes_the_place_of_the_old_and_a_cancelled_one_is_taken_back(place: Place) -> None:
    await place.ven.poll()
    place.double.events[0]["intervals"][1]["payloads"][0]["values"] = [1.2]
    place.double.events[0]["modificationDateTime"] = "2026-03-04T05:43:00Z"
    await place.later(1)
    assert place.prices == [[0.5, 1.2, 0.4]]
    place.double.events.clear()
    await place.later(1)
    assert place.prices == []


async def test_an_unchanged_event_is_posted_once(place: Place) -> None:
    await place.ven.poll()
    (first,) = place.station.signals()
    await place.later(1)
    assert place.station.signals()[0] is first


@pytest.mark.parametrize("value", [99.0, 1e12, "dear"])
async def test_what_is_refused_is_told_and_the_last_good_prices_hold(place: Place, value: Any) -> None:
    await place.ven.poll()
    place.double.events[0]["intervals"][1]["payloads"][0]["values"] = [value]
    await place.later(1)
    assert place.prices == [[0.5, 0.9, 0.4]]
    assert place.ven.health.condition is Condition.DEGRADED
    assert "refused" in place.ven.health.detail


async def test_one_bad_event_does_not_hide_the_others(place: Place) -> None:
    place.double.events += [an_event("bad", intervalPeriod={"start": "soon"}), "nonsense", {"id": None}]  # type: ignore[list-item]
    place.double.bugs = {"dropped_fields"}
    await place.ven.poll()
    assert place.prices == [[0.5, 0.9, 0.4]]
    assert "refused" in place.ven.health.detail


async def test_halves_of_characters_do_no_harm(place: Place) -> None:
    wanted = [{"payloadType": "BASELINE", "historical": False, "readingType": "\udfff"}]
    place.double.events = [an_event("\ud800", eventName="a\0b\udfff", reportDescriptors=wanted)]
    await place.ven.poll()
    assert place.prices == [[0.5, 0.9, 0.4]]
    (signal,) = place.station.signals()
    assert signal.reason == "ab?"
    assert len(place.double.reports) == 1


async def test_a_silent_vtn_leaves_prices_and_the_site_files_limit_follows_its_own(place: Place) -> None:
    place.double.events.append(an_event("limit", intervals=LIMIT))
    await place.ven.poll()
    place.double.bugs = {"error_500"}
    await place.later(9)
    assert len(place.station.signals()) == 2
    await place.later(2)
    assert place.ven.health.condition is Condition.DOWN
    assert "silent since" in place.ven.health.detail
    limits = [i for s in place.station.signals() if s.kind is SignalKind.IMPORT_CAPACITY_LIMIT for i in s.intervals]
    assert [(i.start, i.value) for i in sorted(limits, key=lambda i: i.start)] == [
        (datetime(2026, 3, 4, 5, 53, tzinfo=UTC), 40.0),
        (datetime(2026, 3, 4, 6, 0, tzinfo=UTC), 70.0),
    ]
    assert place.prices == [[0.5, 0.9, 0.4]]
    await place.later(30 * 60)
    assert max(s.ends_at for s in place.station.signals()) > place.clock.now() + timedelta(hours=24)
    place.double.bugs = set()
    await place.later(1)
    assert place.station.signals() == ()


async def test_a_running_limit_goes_before_the_fallback(place: Place) -> None:
    place.double.events = [an_event("limit", intervals=LIMIT, intervalPeriod={"start": "2026-03-04T05:00:00Z", "duration": "PT3H"})]
    await place.ven.poll()
    place.double.bugs = {"error_500"}
    await place.later(11)
    assert sorted(i.start.hour for s in place.station.signals() for i in s.intervals) == [5, 8]


async def test_after_a_restart_what_was_cancelled_meanwhile_is_taken_back(http: httpx.AsyncClient, place: Place) -> None:
    await place.ven.poll()
    again = Place(http, place.double)
    again.station.posted = dict(place.station.posted)
    place.double.events.clear()
    await again.ven.poll()
    assert again.station.signals() == ()


async def test_other_signals_are_left_alone(place: Place) -> None:
    await place.ven.poll()
    (ours,) = place.station.signals()
    place.station.posted["by-hand"] = ours
    place.double.events.clear()
    await place.later(1)
    assert place.station.signals() == (ours,)


async def test_it_registers_once_by_name(place: Place) -> None:
    await place.ven.poll()
    await place.later(1)
    assert [(v["objectType"], v["venName"]) for v in place.double.vens] == [("VEN_VEN_REQUEST", "station-1")]


async def test_usage_is_reported_when_the_last_interval_is_over_and_forecasts_at_once(place: Place) -> None:
    start = NOW.replace(minute=0)
    place.double.events[0] |= {
        "intervalPeriod": {"start": f"{start:%Y-%m-%dT%H:%M:%SZ}", "duration": "PT1H"},
        "reportDescriptors": [
            {"payloadType": "USAGE"},
            {"payloadType": "USAGE_FORECAST", "historical": False},
            {"payloadType": "UP_REGULATION_AVAILABLE", "historical": False, "readingType": "FORECAST"},
            {"payloadType": "DOWN_REGULATION_AVAILABLE", "historical": False},
            {"payloadType": "BASELINE", "historical": False},
            {"payloadType": "TELEPATHY"},
        ],
    }
    await place.ven.poll()
    told = {r["payloadDescriptors"][0]["payloadType"]: r for r in place.double.reports}
    assert set(told) == {"USAGE_FORECAST", "UP_REGULATION_AVAILABLE", "DOWN_REGULATION_AVAILABLE", "BASELINE"}
    assert {r["eventID"] for r in told.values()} == {"e1"}
    intervals = told["UP_REGULATION_AVAILABLE"]["resources"][0]["intervals"]
    assert all(i["payloads"][0]["values"][0] >= 0 for i in intervals)
    n = len(place.double.reports)
    await place.later(60 * 2 + 20)
    usage = [
        r for r in place.double.reports[n:] if r["payloadDescriptors"][0] == {**r["payloadDescriptors"][0], "payloadType": "USAGE"}
    ]
    assert len(usage) == 1
    assert usage[0]["payloadDescriptors"][0]["units"] == "KWH"
    points = [p.import_kw for p in place.station.history(48) if start <= p.at < start + timedelta(hours=1)]
    first = usage[0]["resources"][0]["intervals"][0]
    assert first["payloads"][0]["values"][0] == pytest.approx(max(sum(points) / len(points), 0), abs=1e-3)
    await place.later(1)
    assert len(place.double.reports) == n + 1


async def test_a_report_that_is_not_taken_is_sent_again(place: Place) -> None:
    place.double.events[0]["reportDescriptors"] = [{"payloadType": "BASELINE", "historical": False}]
    post = place.ven._client.post

    async def fail(path: str, body: dict[str, Any]) -> Any:
        if path == "/reports":
            place.ven._client.post = post  # type: ignore[method-assign]
            return await place.ven._client.get("/nowhere")
        return await post(path, body)

    place.ven._client.post = fail  # type: ignore[method-assign]
    await place.ven.poll()
    assert not place.double.reports
    await place.later(1)
    assert len(place.double.reports) == 1
