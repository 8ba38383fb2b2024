"""The fleet planner against the exact one: both bounds around its optimum, on everything that both share."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from optimizer.exact import ExactPlanner
from optimizer.fleet import planner as planning
from optimizer.fleet.certificate import weighted_cost
from optimizer.fleet.converge import Found, converge
from optimizer.fleet.planner import FleetPlanner
from optimizer.fleet.split import fits
from optimizer.tiers import tier_prices
from optimizer.verify import faults_of
from tests.optimizer.builders import car, case, fleet_of, without_predecessor
from tests.optimizer.instances import fleet, mixed, mixed_site, small
from v2g.problem import Problem
from v2g.solution import Rung, Solution

ROUNDING = 1e-6


def exact_cost(problem: Problem) -> float:
    solution = ExactPlanner(prefer=False).solve_now(problem)
    return weighted_cost(solution.terms, tier_prices(problem))


def sent_cost(problem: Problem, solution: Solution) -> float:
    return weighted_cost(solution.terms, tier_prices(problem))


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch) -> list[Found]:
    """Return what each search of the planner finds."""
    found: list[Found] = []

    def kept(*args: object, **options: object) -> Found:
        found.append(converge(*args, **options))  # type: ignore[arg-type]
        return found[-1]

    monkeypatch.setattr(planning, "converge", kept)
    return found


@pytest.mark.parametrize("make", [small, mixed, mixed_site])
@pytest.mark.parametrize("seed", range(12))
def test_the_lower_bound_is_below_the_exact_optimum_and_the_plan_stands(
    make: Callable[[int], Problem], seed: int, searches: list[Found]
) -> None:
    problem = without_predecessor(make(seed))
    if not fits(problem):
        return
    solution = FleetPlanner(time_limit_s=10.0).solve_now(problem)
    optimum = exact_cost(problem)
    assert searches[-1].least <= optimum + ROUNDING * (1.0 + abs(optimum))
    assert sent_cost(problem, solution) >= searches[-1].least - ROUNDING * (1.0 + abs(optimum))
    assert faults_of(problem, solution) == ()


def test_a_fleet_is_planned_to_the_gap_and_its_bounds_enclose_the_exact_optimum(searches: list[Found]) -> None:
    problem = fleet(60, 24)
    solution = FleetPlanner(gap=1e-3).solve_now(problem)
    optimum = exact_cost(problem)
    assert solution.rung is Rung.OPTIMAL
    assert solution.gap_frac is not None
    assert solution.gap_frac <= 1e-3
    assert searches[-1].least <= optimum + ROUNDING * optimum
    assert optimum <= sent_cost(problem, solution) * (1.0 + ROUNDING)


def test_the_next_tick_starts_from_the_last_prices_and_takes_fewer_rounds(searches: list[Found]) -> None:
    problem, planner = fleet(60, 24), FleetPlanner()
    planner.solve_now(problem)
    planner.solve_now(problem)
    cold, warm = searches
    assert warm.n_rounds - len(cold.leading(planning.N_STARTS)) < cold.n_rounds / 4
    assert warm.gap_frac <= 1e-3


def test_a_sample_first_needs_fewer_answers_of_all_and_ends_in_the_gap(
    searches: list[Found], monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = fleet(400, 24)
    FleetPlanner().solve_now(problem)
    monkeypatch.setattr(planning, "FEWEST_FOR_SAMPLE", 100)
    monkeypatch.setattr(planning, "SAMPLE", 80)
    FleetPlanner().solve_now(problem)
    direct, _, after = searches
    assert after.n_rounds < direct.n_rounds
    assert after.gap_frac <= 1e-3
    assert after.least <= direct.most
    assert direct.least <= after.most


def test_without_time_there_is_a_feasible_plan_and_an_honest_gap() -> None:
    problem = fleet(60, 24)
    solution = FleetPlanner(time_limit_s=0.2, gap=1e-12).solve_now(problem)
    assert solution.rung is Rung.INCUMBENT
    assert faults_of(problem, solution) == ()


def test_keeping_to_the_last_plan_counts_in_the_gap() -> None:
    away = np.array([10.0, 0.0, 0.0, 0.0])
    kept = car(previous_power_kw=away, target_energy_kwh=30.0, target_step=4)
    problem = case(fleet_of(kept, kept), price=[0.2, 0.2, 0.199, 0.2])
    solution = FleetPlanner().solve_now(problem)
    assert solution.gap_frac is not None
    assert solution.gap_frac >= 0.001 / 0.2 * (1.0 - ROUNDING)


def test_units_that_answer_nothing_are_planned_beside() -> None:
    problem = fleet(20, 16)
    kinds = tuple(type(k)("battery") if i % 4 == 0 else k for i, k in enumerate(problem.storages.kinds))
    mixed_fleet = replace(problem, storages=replace(problem.storages, kinds=kinds))
    solution = FleetPlanner().solve_now(mixed_fleet)
    optimum = exact_cost(mixed_fleet)
    assert sent_cost(mixed_fleet, solution) == pytest.approx(optimum, rel=2e-3)
