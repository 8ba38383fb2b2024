"""Which planner plans: the exact one, or from some number of cars on the fleet planner; by size and content, problem by problem."""

from dataclasses import replace
from importlib import import_module
from typing import Protocol

from optimizer.exact import ExactPlanner
from optimizer.fleet.split import answerable, fits
from optimizer.scenarios import ScenarioPlanner
from v2g.errors import PlanningError
from v2g.problem import Problem
from v2g.site import PlannerChoice
from v2g.solution import Solution

FLEET_FROM = 400
"""So many units that answer prices are a fleet."""
EXACT_MOST = 4000
"""With more units than this the exact planner finishes in no tick, and is not tried in the fleet planner's place."""


class SyncPlanner(Protocol):
    """A planner without an event loop."""

    def solve_now(self, problem: Problem) -> Solution:
        """Return a solution; raises `PlanningError` where there is none."""
        ...


class ChoosingPlanner:
    """Plans by the exact or the fleet planner; fills `v2g.ports.Planner`. What answered is told in ``Solution.planner``.

    Parameters
    ----------
    choice : "auto", "exact" or "fleet"
        `auto` takes the fleet planner from `FLEET_FROM` units that answer prices on, `fleet` wherever it can plan at all.
    time_limit_s, prefer, recalls
        As those of `ExactPlanner`.

    Where the fleet planner was wanted and could not plan, the exact one answers and the reason says so.
    """

    def __init__(
        self, choice: PlannerChoice = "auto", *, time_limit_s: float = 30.0, prefer: bool = True, recalls: int = 0
    ) -> None:
        self.choice, self._time_limit_s, self._prefer = choice, time_limit_s, prefer
        self._exact: SyncPlanner = ScenarioPlanner(ExactPlanner(time_limit_s=time_limit_s, prefer=prefer, recalls=recalls))
        self._fleet: SyncPlanner | None = None

    async def solve(self, problem: Problem) -> Solution:
        """Return a plan of `problem`; raises `PlanningError` where there is none."""
        return self.solve_now(problem)

    def solve_now(self, problem: Problem) -> Solution:
        """Do what `solve` does, without an event loop."""
        if not wants_fleet(self.choice, problem):
            return self._exact.solve_now(problem)
        if not fits(problem):
            return self._in_its_place(
                problem, "the fleet planner plans neither several courses at once nor units that no price moves"
            )
        try:
            solution = self._fleet_planner().solve_now(problem)
        except PlanningError as error:
            return self._in_its_place(problem, f"the fleet planner has no plan: {error}")
        return replace(solution, planner="fleet")

    def _in_its_place(self, problem: Problem, reason: str) -> Solution:
        n_units = problem.shape[0]
        if n_units > EXACT_MOST:
            raise PlanningError(f"{reason}; {n_units} units are too many for the exact one")
        solution = self._exact.solve_now(problem)
        return replace(solution, reason="; ".join(part for part in (reason, solution.reason) if part))

    def _fleet_planner(self) -> SyncPlanner:
        """Return the fleet planner, made when it is first wanted: its compiled kernels are of no use to small stations."""
        if self._fleet is None:
            try:
                planner = import_module("optimizer.fleet.planner").FleetPlanner
            except ImportError as error:
                raise PlanningError(f"it cannot be loaded here: {error}") from error
            self._fleet = planner(time_limit_s=self._time_limit_s, prefer=self._prefer)
        return self._fleet


def wants_fleet(choice: PlannerChoice, problem: Problem) -> bool:
    """Return whether `choice` asks for the fleet planner here; `auto` asks for it only where it can plan."""
    if choice == "auto":
        return fits(problem) and int(answerable(problem).sum()) >= FLEET_FROM
    return choice == "fleet"
