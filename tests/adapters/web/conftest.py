from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest

from adapters.clock import VirtualClock
from adapters.web import create_app
from tests.support.fake_station import FakeStation
from tests.support.fake_world import World

NOW = datetime(2026, 3, 4, 5, 42, tzinfo=UTC)
GIVEN = "for tests only"
WORLD = World(NOW)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOW)


@pytest.fixture
def station(clock: VirtualClock) -> FakeStation:
    return FakeStation(clock, world=WORLD)


@pytest.fixture
async def client(station: FakeStation) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(station) as opened:
        yield opened


def client_of(station: FakeStation, *, token: str | None = None, url: str = "http://localhost") -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(create_app(station, token=token)), base_url=url)
