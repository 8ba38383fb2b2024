"""A planner that ends what it has begun, whoever asked."""

import asyncio
from contextlib import suppress

import pytest

from config.station.finishing import Finishing
from optimizer.exact import ExactPlanner
from tests.optimizer.builders import car, case
from v2g.errors import PlanningError
from v2g.problem import Problem
from v2g.solution import Solution


class Slow:
    """Plans when it is let; counts what it was asked, what it ended, and what was taken from it."""

    def __init__(self) -> None:
        self.asked = self.ended = self.cut = 0
        self.let = asyncio.Event()

    async def solve(self, problem: Problem) -> Solution:
        self.asked += 1
        try:
            await self.let.wait()
        except asyncio.CancelledError:
            self.cut += 1
            raise
        self.ended += 1
        return ExactPlanner().solve_now(problem)


class Failing:
    """Never has a plan."""

    async def solve(self, problem: Problem) -> Solution:
        raise PlanningError(f"no plan of {problem.shape}")


async def test_a_solve_ends_though_its_asker_goes() -> None:
    slow = Slow()
    asking = asyncio.ensure_future(Finishing(slow).solve(case(car(2))))
    await asyncio.sleep(0.01)
    asking.cancel()
    with suppress(asyncio.CancelledError):
        await asking
    slow.let.set()
    await asyncio.sleep(0.01)
    assert (slow.asked, slow.ended, slow.cut) == (1, 1, 0)


async def test_who_stays_hears_of_the_failure() -> None:
    with pytest.raises(PlanningError, match="no plan"):
        await Finishing(Failing()).solve(case(car(2)))
