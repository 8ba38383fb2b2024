from datetime import timedelta

import pytest

from adapters.clock import VirtualClock
from adapters.store import Retention, Store
from tests.adapters.store.conftest import NOW
from v2g.session import EndedVisit

HOUR = timedelta(hours=1)


def visit(ended_h_ago: float, **changes: str | float) -> EndedVisit:
    left_at = NOW - ended_h_ago * HOUR
    facts = {"driver": "d-7f", "energy_kwh": 12.5, "requested_kwh": 20.0, **changes}
    return EndedVisit(plugged_in_at=left_at - 3 * HOUR, left_at=left_at, stated=left_at + HOUR, **facts)  # type: ignore[arg-type]


async def test_visits_survive_a_restart_as_they_were_the_first_to_end_first(url: str, clock: VirtualClock) -> None:
    strangers = EndedVisit(driver="", plugged_in_at=NOW - 2 * HOUR, left_at=NOW - 0.5 * HOUR)
    async with Store(url, clock) as store:
        for each in (visit(1), strangers, visit(5, energy_kwh=0.0)):
            await store.keep(each)
    async with Store(url, clock) as store:
        assert await store.visits() == (visit(5, energy_kwh=0.0), visit(1), strangers)


@pytest.mark.parametrize("days", [1, 30])
async def test_they_are_forgotten_in_time(url: str, clock: VirtualClock, days: int) -> None:
    keep = timedelta(days=days)
    async with Store(url, clock, retention=Retention(visits=keep)) as store:
        for hours in (24 * days + 1, 24 * days - 1, 0):
            await store.keep(visit(hours))
        assert await store.visits() == (visit(24 * days - 1), visit(0))
    async with Store(url, clock) as store:
        assert len(await store.visits()) == 2
