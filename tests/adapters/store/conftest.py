from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.clock import VirtualClock
from adapters.store import Store

NOW = datetime(2026, 3, 4, 6, 30, tzinfo=UTC)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOW)


@pytest.fixture
def url(tmp_path: Path) -> str:
    # A short wait for locks, so that a test of a locked database is quick.
    return f"sqlite:///{tmp_path / 'station.db'}?timeout=0.1"


@pytest.fixture
async def store(url: str, clock: VirtualClock) -> AsyncIterator[Store]:
    async with Store(url, clock) as opened:
        yield opened
