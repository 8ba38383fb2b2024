"""The fleet planner on fleets: within its gap, with honest bounds, tick after tick. See test_comparison for everything else."""

from dataclasses import replace

import numpy as np
import pytest

from optimizer.deadline import Deadline
from optimizer.exact import ExactPlanner
from optimizer.fleet import planner as planning
from optimizer.fleet.certificate import weighted_cost
from optimizer.fleet.converge import Found, Search
from optimizer.fleet.planner import FleetPlanner
from optimizer.fleet.relaxation import Relaxation
from optimizer.tiers import tier_prices
from optimizer.verify import faults_of
from tests.optimizer.builders import car, case, fleet_of
from tests.optimizer.instances import fleet
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
    search_until = Search.until

    def kept(search: Search, gap: float, deadline: Deadline) -> Found:
        found.append(search_until(search, gap, deadline))
        return found[-1]

    monkeypatch.setattr(Search, "until", kept)
    return found


def test_a_fleet_is_planned_to_the_gap_and_its_bounds_enclose_the_exact_optimum(searches: list[Found]) -> None:
    problem = fleet(60, 24)
    solution = FleetPlanner(gap=1e-3).solve_now(problem)
    optimum = exact_cost(problem)
    assert solution.rung is Rung.OPTIMAL
    assert solution.gap_frac is not None
    assert solution.gap_frac <= 1e-3
    assert searches[-1].least <= optimum + ROUNDING * optimum
    assert optimum <= sent_cost(problem, solution) * (1.0 + ROUNDING)


def test_the_next_tick_is_planned_as_a_new_planner_would(searches: list[Found]) -> None:
    planner = FleetPlanner()
    for seed in (0, 1, 2):
        problem = fleet(60, 24, seed=seed)
        one, other = planner.solve_now(problem), FleetPlanner().solve_now(problem)
        assert one.rung is other.rung is Rung.OPTIMAL
        assert searches[-2].least <= searches[-1].most * (1.0 + ROUNDING)
        assert searches[-1].least <= searches[-2].most * (1.0 + ROUNDING)


def test_a_start_from_the_tariff_ends_in_the_gap_too(searches: list[Found], monkeypatch: pytest.MonkeyPatch) -> None:
    problem = fleet(400, 24)
    FleetPlanner().solve_now(problem)
    monkeypatch.setattr(Relaxation, "start", lambda *_: None)
    FleetPlanner().solve_now(problem)
    warm, cold = searches
    assert cold.gap_frac <= 1e-3
    assert cold.least <= warm.most
    assert warm.least <= cold.most


def test_where_what_is_sent_is_not_in_the_gap_the_search_goes_on(searches: list[Found], monkeypatch: pytest.MonkeyPatch) -> None:
    problem = fleet(400, 24)
    monkeypatch.setattr(planning, "SETTLING_SHARE", -100.0)
    solution = FleetPlanner().solve_now(problem)
    first, *_, last = searches
    assert first.gap_frac > 1e-3
    assert solution.rung is Rung.OPTIMAL
    assert np.array_equal(last.curves[: len(first.curves)], first.curves)
    assert last.least >= first.least


def test_without_time_there_is_a_feasible_plan_and_an_honest_gap() -> None:
    problem = fleet(60, 24)
    solution = FleetPlanner(time_limit_s=0.03, gap=1e-12).solve_now(problem)
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
