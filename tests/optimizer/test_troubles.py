"""What looks infeasible has a least-bad plan from the top of the ladder, and says by its terms what could not be done."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from optimizer.exact import ExactPlanner
from optimizer.ladder import Ladder
from optimizer.verify import faults_of
from tests.optimizer.builders import car, case, grid_only
from tests.optimizer.instances import fleet
from v2g.commitments import CapacityContract, Event, Reserve
from v2g.problem import Problem
from v2g.solution import Rung, Solution

CHARGE_ONLY = replace(car(2), discharge_max_kw=np.zeros((1, 2)))
EVENT = Event(
    event_id="e",
    direction=1,
    cover=np.ones(2),
    baseline_kw=np.full(2, 3.0),
    committed_kw=8.0,
    payment_per_kwh=1.0,
    penalty_per_kwh=2.0,
)
RESERVE = Reserve(reserve_id="r", direction=1, cover=np.ones(2), committed_kw=5.0, penalty_per_kw_h=3.0, energy_h=1.0)
SUBSCRIBED = CapacityContract(contracted_kw=4.0, overage_price_per_kw=2.0)

Told = dict[str, float]
TROUBLES: dict[str, tuple[Problem, list[float], Told]] = {
    "target unreachable": (case(car(2, target_energy_kwh=49.0, target_step=2)), [10, 10], {"unmet_target": 9.0}),
    "load above the limit": (
        case(car(2, discharge_max_kw=1.0), grid_only(2, import_limit_kw=5.0, fixed_kw=9.0)),
        [-1, -1],
        {"overload": 6.0, "energy_import": 0.2 * 16},
    ),
    "negative prices": (case(car(2, discharge_max_kw=0.0), price=-0.1, export=-0.2), [10, 10], {"energy_import": -2.0}),
    "zero-length stay": (
        case(car(2, charge_max_kw=0.0, discharge_max_kw=0.0, target_energy_kwh=30.0, target_step=1)),
        [0, 0],
        {"unmet_target": 10.0},
    ),
    "departure in the past": (
        case(car(2, charge_max_kw=0.0, discharge_max_kw=0.0, target_energy_kwh=30.0)),
        [0, 0],
        {"unmet_target": 0.0},
    ),
    "empty fleet": (fleet(0, 2), [], {"unmet_target": 0.0, "overload": 0.0}),
    "one step": (case(car(1, target_energy_kwh=26.0, target_step=1)), [6], {"unmet_target": 0.0, "energy_import": 0.2 * 6}),
    "event that cannot be delivered": (
        replace(case(CHARGE_ONLY, grid_only(2, fixed_kw=5.0)), events=(EVENT,)),
        [0, 0],
        {"event_payment": 1.0 * 2 * 2, "event_fine": 2.0 * (8 + 2) * 2},  # the load is 2 kW above the baseline
    ),
    "reserve without energy": (
        replace(case(car(2, initial_energy_kwh=0.0, charge_max_kw=0.0)), reserves=(RESERVE,)),
        [0, 0],
        {"reserve_missing": 3.0 * 5 * 2, "reserve_payment": 0.0},
    ),
    "contract exceeded by the load alone": (
        case(CHARGE_ONLY, grid_only(2, fixed_kw=[6.0, 7.0])),
        [0, 0],
        {"capacity_contract": 2.0 * 3},
    ),
}
CONTRACTED = {"contract exceeded by the load alone": SUBSCRIBED}


def problem_of(trouble: str) -> Problem:
    problem = TROUBLES[trouble][0]
    return replace(problem, connection=replace(problem.connection, contract=CONTRACTED.get(trouble)))


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_trouble_has_the_least_bad_plan_and_tells_what_is_lacking(trouble: str) -> None:
    problem, (_, power_kw, told) = problem_of(trouble), TROUBLES[trouble]
    ladder = Ladder(ExactPlanner())
    solution = await ladder.solve(problem)
    assert (solution.rung, solution.reason) == (Rung.OPTIMAL, "")
    assert ladder.counts[Rung.OPTIMAL] == 1
    assert faults_of(problem, solution) == ()
    assert solution.power_kw.ravel() == pytest.approx(power_kw, abs=1e-6)
    terms = {t.name: t.value for t in solution.terms}
    assert {name: terms[name] for name in told} == pytest.approx(told, abs=1e-6)


def promise(solution: Solution) -> Any:
    return solution.prices and solution.prices.promise_per_kwh[0]


def limit(solution: Solution) -> Any:
    return solution.prices and solution.prices.import_per_kw[0, 0]


@pytest.mark.parametrize(("trouble", "price"), [("target unreachable", promise), ("load above the limit", limit)])
def test_the_price_of_what_cannot_be_kept_says_that_no_money_does(trouble: str, price: Callable[[Solution], Any]) -> None:
    solution = ExactPlanner().solve_now(problem_of(trouble))
    assert solution.prices is not None
    assert price(solution) == pytest.approx(solution.prices.most_per_kwh)
