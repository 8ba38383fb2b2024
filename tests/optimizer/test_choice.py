"""Who plans, by size, content and wish; and who answers in whose place."""

from dataclasses import replace

import numpy as np
import pytest

from optimizer.choice import EXACT_MOST, FLEET_FROM, ChoosingPlanner, wants_fleet
from optimizer.ladder import answer_without_solver
from tests.optimizer.builders import car, case, fleet_of
from v2g.errors import PlanningError
from v2g.problem import Problem
from v2g.scenarios import Scenario
from v2g.solution import Rung, Solution
from v2g.storages import StorageKind, Storages


def cars(n: int) -> Storages:
    """Return `n` cars, made by repeating the rows of one."""
    one = car(2)
    rows = {name: np.repeat(value, n, axis=0) for name in Storages.__slots__ if isinstance(value := getattr(one, name), np.ndarray)}
    names = tuple(str(i) for i in range(n))
    return replace(one, unit_ids=names, kinds=one.kinds * n, circuit_ids=one.circuit_ids * n, **rows)


def with_scenarios(problem: Problem) -> Problem:
    other = Scenario(probability=0.5, storages=problem.storages, circuits=problem.circuits, connection=problem.connection)
    return replace(problem, scenarios=(other,))


class Spy:
    """Answers with a marked solution, or not at all."""

    def __init__(self, *, trouble: str = "") -> None:
        self.trouble, self.asked = trouble, 0

    def solve_now(self, problem: Problem) -> Solution:
        self.asked += 1
        if self.trouble:
            raise PlanningError(self.trouble)
        return replace(answer_without_solver(problem, ""), planner="exact", reason="", rung=Rung.OPTIMAL)


def choosing(choice: str, fleet: Spy) -> ChoosingPlanner:
    planner = ChoosingPlanner(choice)  # type: ignore[arg-type]
    planner._fleet = fleet
    return planner


def test_auto_takes_the_fleet_planner_from_some_number_of_units_on_that_answer_prices() -> None:
    small, large = case(cars(FLEET_FROM - 1), price=0.2), case(cars(FLEET_FROM), price=0.2)
    batteries = replace(large.storages, kinds=(StorageKind.BATTERY,) * FLEET_FROM)
    assert not wants_fleet("auto", small)
    assert wants_fleet("auto", large)
    assert not wants_fleet("auto", replace(large, storages=batteries))
    assert not wants_fleet("auto", with_scenarios(large))
    assert not wants_fleet("exact", large)
    assert wants_fleet("fleet", small)


def test_who_answered_is_told() -> None:
    problem, fleet = case(cars(2), price=0.2), Spy()
    assert choosing("auto", fleet).solve_now(problem).planner == "exact"
    assert fleet.asked == 0
    assert choosing("fleet", fleet).solve_now(problem).planner == "fleet"
    assert answer_without_solver(problem, "no solver").planner == "none"


@pytest.mark.parametrize(
    ("problem", "fleet", "reason"),
    [
        (case(cars(2), price=0.2), Spy(trouble="out of time"), "the fleet planner has no plan: out of time"),
        (with_scenarios(case(cars(2), price=0.2)), Spy(), "the fleet planner plans neither several courses"),
        (case(fleet_of(replace(car(2), kinds=(StorageKind.BATTERY,))), price=0.2), Spy(), "nor units that no price moves"),
    ],
)
def test_the_exact_planner_answers_in_its_place_and_says_why(problem: Problem, fleet: Spy, reason: str) -> None:
    solution = choosing("fleet", fleet).solve_now(problem)
    assert (solution.planner, solution.rung) == ("exact", Rung.OPTIMAL)
    assert reason in solution.reason


def test_a_fleet_too_large_for_the_exact_planner_goes_down_the_ladder_at_once() -> None:
    planner = choosing("auto", Spy(trouble="out of time"))
    planner._exact = exact = Spy()
    with pytest.raises(PlanningError, match="out of time; 4001 units are too many"):
        planner.solve_now(case(cars(EXACT_MOST + 1), price=0.2))
    assert exact.asked == 0
