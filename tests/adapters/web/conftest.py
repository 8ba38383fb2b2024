import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from adapters.clock import AcceleratedClock, VirtualClock
from adapters.web import Server, create_app
from tests.adapters.web.pages.browsing import serving
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


@pytest.fixture
def lively() -> FakeStation:
    return FakeStation(AcceleratedClock(NOW, speed=20.0), world=WORLD)


@pytest_asyncio.fixture(loop_scope="module")
async def server(lively: FakeStation) -> AsyncIterator[Server]:
    async with serving(lively) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
        launched = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        yield launched
        await launched.close()
