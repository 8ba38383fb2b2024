"""Real previews over a made-up station, solved in a thread."""

import asyncio

from config.people.previews import Previews, Situation
from optimizer.exact import ExactPlanner
from tests.support.fake_station import FakeStation
from v2g.observation import Observation
from v2g.outlook import Outlook
from v2g.problem import Problem
from v2g.record import Memory
from v2g.signals import Signals
from v2g.solution import Solution
from v2g.timegrid import TimeGrid


class InThread:
    """Plans beside the event loop; fills `v2g.ports.Planner`."""

    def __init__(self) -> None:
        self._planner = ExactPlanner()

    async def solve(self, problem: Problem) -> Solution:
        return await asyncio.to_thread(self._planner.solve_now, problem)


class Retold:
    """Tells what a made-up station expects; fills `v2g.ports.Forecaster`."""

    def __init__(self, station: FakeStation) -> None:
        self._station = station

    def learn(self, observation: Observation) -> None:
        raise AssertionError(f"a question teaches nothing: {observation.at}")

    def forecast(self, observation: Observation, signals: Signals, grid: TimeGrid) -> Outlook:  # noqa: ARG002  # of the port
        return self._station.outlook(grid, signals)


def station_previews(station: FakeStation) -> Previews:
    """Return previews of what `station` would do."""

    def situation() -> Situation | None:
        record = station.latest()
        return None if record is None else Situation(record=record, memory=Memory(plan=record.plan), signals=station.signals())

    return Previews(station.site, Retold(station), InThread(), situation)
