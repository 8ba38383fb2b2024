"""The ladder: it always answers.

optimal → incumbent → rounded (the planner's own) → previous plan, shifted → least-laxity rule → fail-safe floor. Every answer is
replayed before it leaves; the rung is counted, and the reason for not standing higher is told.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import structlog

from optimizer.deadline import Stopwatch
from optimizer.evaluate import evaluate
from optimizer.flows import Flows, make_flows, make_solution
from optimizer.rungs.previous import previous_plan
from optimizer.rungs.rule import least_laxity
from optimizer.verify import verify
from v2g.errors import PlanningError
from v2g.ports import Planner
from v2g.problem import Problem
from v2g.solution import Rung, Solution

log = structlog.get_logger()


RULES: tuple[tuple[Rung, Callable[[Problem], Flows]], ...] = ((Rung.PREVIOUS, previous_plan), (Rung.RULE, least_laxity))


class Ladder:
    """A planner that answers whatever happens to `planner`; `counts` says how often each rung did."""

    def __init__(self, planner: Planner) -> None:
        self.counts: dict[Rung, int] = dict.fromkeys(Rung, 0)
        self._planner = planner

    async def solve(self, problem: Problem) -> Solution:
        """Return the best answer there is; never raises for what a planner gets wrong."""
        solution = await self._climb(problem)
        self.counts[solution.rung] += 1
        if solution.reason:
            log.warning("fell_back", rung=solution.rung.value, reason=solution.reason)
        return solution

    async def _climb(self, problem: Problem) -> Solution:
        try:
            solution = await self._planner.solve(problem)
            verify(problem, solution)
        except PlanningError as error:
            return answer_without_solver(problem, str(error))
        except Exception as error:  # the ladder's promise: a planner's bug costs a rung, not the station
            log.exception("planner_failed")
            return answer_without_solver(problem, f"the planner failed: {type(error).__name__}: {error}")
        return solution


def answer_without_solver(problem: Problem, reason: str) -> Solution:
    """Return the highest rung below the solver that holds; `reason` says why the solver does not."""
    reasons = [reason]
    for rung, plan in RULES:
        try:
            solution = _solution(problem, plan, rung, reasons)
            verify(problem, solution)
        except PlanningError as error:
            reasons.append(f"{rung.value}: {error}")
        else:
            return solution
    return _solution(problem, idle, Rung.FLOOR, reasons)


def idle(problem: Problem) -> Flows:
    """Return the fail-safe floor, feasible by construction: nobody charges or discharges."""
    return make_flows(problem, np.zeros(problem.shape), np.zeros(problem.shape))


def _solution(problem: Problem, plan: Callable[[Problem], Flows], rung: Rung, reasons: list[str]) -> Solution:
    watch = Stopwatch()
    flows = plan(problem)
    watch.lap(rung.value)
    solution = make_solution(
        flows,
        evaluate(problem, flows),
        rung=rung,
        reason="; ".join(reasons),
        times_s=watch.times_s,
    )
    return replace(solution, planner="none")
