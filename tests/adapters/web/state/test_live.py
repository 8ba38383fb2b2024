import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest

from adapters.clock import AcceleratedClock, VirtualClock
from adapters.web.plan.models import PlanModel
from adapters.web.state.live import ClockSpeed, Live
from adapters.web.state.models import StateModel
from tests.adapters.web.conftest import NOW, WORLD
from tests.adapters.web.pages.browsing import serving
from tests.adapters.web.signals.test_signal_routes import steps
from tests.support.fake_station import FakeStation


async def events(response: httpx.Response) -> AsyncIterator[tuple[str, str]]:
    name = ""
    async for line in response.aiter_lines():
        field, _, value = line.partition(": ")
        if field == "event":
            name = value
        elif field == "data":
            yield name, value


async def test_the_stream_gives_the_plan_then_a_state_a_second_and_a_new_plan_on_a_signal() -> None:
    station = FakeStation(AcceleratedClock(NOW, speed=30.0), world=WORLD)
    seen: list[str] = []
    async with (
        serving(station) as server,
        httpx.AsyncClient(base_url=server.url) as client,
        client.stream("GET", "/api/stream") as response,
    ):
        assert response.headers["content-type"].startswith("text/event-stream")
        async for name, data in events(response):
            seen.append(name)
            model = PlanModel if name == "plan" else StateModel
            model.model_validate_json(data)
            if seen == ["plan", "state", "state"]:
                assert json.loads(data)["speed"] == pytest.approx(30.0, rel=0.2)
                await client.post("/api/signals", json=steps(start=station.now().isoformat()))
            if seen.count("plan") == 2:
                break
    assert seen[:3] == ["plan", "state", "state"]


async def test_streams_end_with_the_server() -> None:
    station = FakeStation(VirtualClock(NOW), world=WORLD)
    async with httpx.AsyncClient(timeout=5) as client:
        async with serving(station) as server:
            response = await client.send(client.build_request("GET", f"{server.url}api/stream"), stream=True)
            stream = events(response)
            assert (await anext(stream))[0] == "plan"
        rest = [name async for name, _ in stream]
        await response.aclose()
    assert set(rest) <= {"state"}


async def test_whoever_does_not_read_costs_nothing_and_gets_fresh_pictures_later() -> None:
    station = FakeStation(VirtualClock(NOW), world=WORLD)
    live = Live(station)
    stream = live.events()
    for _ in range(3):
        await anext(stream)
    station._clock = VirtualClock(datetime(2026, 3, 4, 9, tzinfo=UTC))
    live._state = None
    fresh = [await anext(stream), await anext(stream)]
    assert fresh[0].startswith("event: plan")
    assert '"now":"2026-03-04T09:00:00Z"' in fresh[1]


def test_the_clocks_speed_is_seen_by_looking_twice() -> None:
    speed = ClockSpeed()
    assert speed.look(10.0, datetime(2026, 1, 1, tzinfo=UTC)) is None
    assert speed.look(10.1, datetime(2026, 1, 1, 0, 0, 6, tzinfo=UTC)) is None
    assert speed.look(11.0, datetime(2026, 1, 1, 0, 1, tzinfo=UTC)) == 60.0
    assert speed.look(12.0, datetime(2026, 1, 1, 0, 1, 1, tzinfo=UTC)) == 1.0
