"""Previews are prepared once a tick, and whatever fails there is tried at the next."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import structlog

from adapters.clock import VirtualClock
from config.people.previews import Previews
from config.people.readiness import keep_ready
from tests.support.fake_station import TICK_S, FakeStation
from v2g.errors import PlanningError


class Prepared:
    """Notes for which ticks it was asked; the first time no solver answers."""

    def __init__(self, station: FakeStation) -> None:
        self._station, self.ticks, self.asked = station, list[Any](), asyncio.Event()

    async def prepare(self) -> None:
        self.ticks.append(self._station.latest())
        self.asked.set()
        if len(self.ticks) == 1:
            raise PlanningError("the solver is starting")


async def test_previews_are_prepared_once_a_tick_also_after_one_that_failed() -> None:
    clock = VirtualClock(datetime(2026, 3, 4, 5, 42, tzinfo=UTC))
    station = FakeStation(clock)
    station.ticking = False
    prepared = Prepared(station)
    with structlog.testing.capture_logs() as said:
        work = asyncio.ensure_future(keep_ready(cast("Previews", prepared), station, first_wall_s=0.0, look_wall_s=0.0))
        for _ in range(10):
            await asyncio.sleep(0)
        assert not prepared.ticks, "there is no plan yet"
        station.ticking = True
        for _ in range(2):
            await prepared.asked.wait()
            prepared.asked.clear()
            clock.advance_to(clock.now() + timedelta(seconds=TICK_S))
        await prepared.asked.wait()
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work
    assert [tick.at for tick in prepared.ticks] == [prepared.ticks[0].at + timedelta(seconds=TICK_S * i) for i in range(3)]
    assert [line["event"] for line in said] == ["previews_not_prepared"]
