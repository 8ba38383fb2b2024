"""A planner that finishes the solve under way when its asker goes."""

import asyncio

from v2g.ports import Planner
from v2g.problem import Problem
from v2g.solution import Solution


class Finishing:
    """Asks `planner` and lets it end what it has begun; fills `v2g.ports.Planner`.

    A cancelled solve costs `ProcessPlanner` its process, and the next question 2 s for a new one: while somebody drags a price,
    most questions are given up. A solve takes tenths of a second, and at most the planner's time limit.
    """

    def __init__(self, planner: Planner) -> None:
        self._planner = planner
        self._running: set[asyncio.Task[Solution]] = set()

    async def solve(self, problem: Problem) -> Solution:
        """Return the planner's answer; raises what it raises."""
        task = asyncio.ensure_future(self._solve(problem))
        self._running.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    async def _solve(self, problem: Problem) -> Solution:
        return await self._planner.solve(problem)

    def _ended(self, task: asyncio.Task[Solution]) -> None:
        """Forget a task; whoever still waits hears of its failure, and where nobody does, it is nobody's concern."""
        self._running.discard(task)
        if not task.cancelled():
            task.exception()
