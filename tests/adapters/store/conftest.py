from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import pytest

from adapters.clock import VirtualClock
from adapters.store import Store
from tests.support.postgres import PostgresServer, find, serving

NOW = datetime(2026, 3, 4, 6, 30, tzinfo=UTC)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOW)


@pytest.fixture
def file_url(tmp_path: Path) -> str:
    # A short wait for locks, so that a test of a locked database is quick.
    return f"sqlite:///{tmp_path / 'station.db'}?timeout=0.1"


@pytest.fixture(scope="session")
def server() -> Iterator[PostgresServer]:
    if find("initdb") is None or find_spec("psycopg") is None:
        pytest.skip("PostgreSQL or its driver is not installed")
    with serving() as started:
        yield started


@pytest.fixture
def server_url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)  # where its spill is
    server: PostgresServer = request.getfixturevalue("server")
    return server.new_database()


@pytest.fixture(params=["file_url", "server_url"], ids=["SQLite", "PostgreSQL"])
def url(request: pytest.FixtureRequest) -> str:
    """Return where an empty database is: what holds of a store holds on both."""
    found: str = request.getfixturevalue(request.param)
    return found


ON_FILES = pytest.mark.parametrize("url", ["file_url"], indirect=True)
"""What holds of SQLite alone."""


@pytest.fixture
async def store(url: str, clock: VirtualClock) -> AsyncIterator[Store]:
    async with Store(url, clock) as opened:
        yield opened
