"""A problem asked again is answered as before, and what follows starts from there."""

from dataclasses import replace

import numpy as np
import pytest

from optimizer.exact import ExactPlanner
from optimizer.recall import Recall
from tests.optimizer.instances import fleet
from v2g.problem import Problem
from v2g.solution import Solution


def dearer(problem: Problem, step: int) -> Problem:
    price = problem.connection.import_price_per_kwh.copy()
    price[step : step + 4] += 1.0
    return replace(problem, connection=replace(problem.connection, import_price_per_kwh=price))


def costs(solution: Solution) -> dict[str, float]:
    return {term.name: term.value for term in solution.terms}


@pytest.mark.parametrize("between", [fleet(3, 24), fleet(5, 12)], ids=["fewer cars", "fewer steps"])
def test_who_asks_again_gets_the_same_answer_and_what_follows_is_as_if_nothing_had_come_between(between: Problem) -> None:
    today = fleet(5, 24)
    plain, recalling = ExactPlanner(), ExactPlanner(recalls=3)
    first = recalling.solve_now(today)
    for step in (4, 12):
        recalling.solve_now(between)
        assert recalling.solve_now(today) is first
        plain.solve_now(today)
        expected, found = plain.solve_now(dearer(today, step)), recalling.solve_now(dearer(today, step))
        assert costs(found) == pytest.approx(costs(expected), abs=1e-6)
        assert recalling.solve_now(today) is first


def test_what_was_asked_longest_ago_is_forgotten_and_planned_anew() -> None:
    today, planner = fleet(3, 12), ExactPlanner(recalls=2)
    first = planner.solve_now(today)
    for step in (0, 4):
        planner.solve_now(dearer(today, step))
    again = planner.solve_now(today)
    assert again is not first
    assert costs(again) == pytest.approx(costs(first), abs=1e-6)


def test_a_problem_that_differs_by_anything_is_another() -> None:
    today, planner = fleet(3, 12), ExactPlanner(recalls=2)
    first = planner.solve_now(today)
    wear = today.storages.wear_cost_per_kwh * (1 + 1e-9)
    assert planner.solve_now(replace(today, storages=replace(today.storages, wear_cost_per_kwh=np.asarray(wear)))) is not first
    assert Recall(2).find(today) is None
