"""Least powers: nothing or enough, near now; as good as the best of all patterns of on and off."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from optimizer.exact import ExactPlanner
from optimizer.integers.mip import Mip
from optimizer.rungs.rule import least_laxity
from tests.optimizer.builders import car, case, fleet_of, grid_only, without_predecessor
from tests.optimizer.independent.whole import values
from tests.optimizer.instances import fleet, small
from tests.optimizer.integers.enumeration import Alternative, best
from tests.v2g.test_holding import tapering
from v2g.holding import least_charge_kw, least_discharge_kw, near_steps
from v2g.problem import Problem
from v2g.solution import Rung, Solution


def with_minima(problem: Problem, least_kw: float, back_kw: float = 0.0) -> Problem:
    n = problem.shape[0]
    charge = np.minimum(least_kw, problem.storages.charge_max_kw.max(axis=1, initial=0.0))
    storages = replace(problem.storages, charge_min_kw=charge, discharge_min_kw=np.full(n, back_kw))
    return replace(problem, storages=storages)


def patterns(problem: Problem) -> list[Alternative]:
    """Return every pattern of off, charging and discharging over units and near steps."""
    least = (least_charge_kw(problem), least_discharge_kw(problem))
    n, near = problem.shape[0], near_steps(problem.grid)
    places = list(product(range(n), range(near)))
    alternatives = []
    for modes in product((-1, 0, 1), repeat=len(places)):
        used: dict[tuple[int, int, int], tuple[float, float]] = {}
        for (u, t), mode in zip(places, modes, strict=True):
            used[u, t, 0] = (float(least[0][u, t]), 99.0) if mode > 0 else (0.0, 0.0)
            used[u, t, 1] = (float(least[1][u, t]), 99.0) if mode < 0 else (0.0, 0.0)
        alternatives.append(used)
    return alternatives


def trickles(problem: Problem, solution: Solution) -> bool:
    near = near_steps(problem.grid)
    charge, back = solution.charge_kw[:, :near], solution.discharge_kw[:, :near]
    short = (charge > 1e-5) & (charge < least_charge_kw(problem) - 1e-5)
    return bool((short | ((back > 1e-5) & (back < least_discharge_kw(problem) - 1e-5))).any())


def test_random_problems_are_as_good_as_the_best_pattern() -> None:
    planner, broken = ExactPlanner(), 0
    for seed in range(150):
        problem = with_minima(without_predecessor(small(seed)), 4.0, 3.0)
        if problem.shape[0] * near_steps(problem.grid) not in (1, 2):
            continue
        solution = planner.solve_now(problem)
        assert not trickles(problem, solution), seed
        if "integers" not in solution.times_s:
            continue
        broken += 1
        assert solution.rung is Rung.OPTIMAL, seed
        assert solution.gap_frac is not None
        expected, found = best(problem, patterns(problem)), values(solution)
        assert found == pytest.approx(expected, rel=1e-6, abs=1e-6), seed
    assert broken >= 8


def test_two_cars_share_what_one_alone_could_not_hold() -> None:
    cars = [car(2, target_energy_kwh=31.0, target_step=2, charge_min_kw=4.0, discharge_max_kw=0.0)] * 2
    problem = case(fleet_of(*cars), grid_only(2, import_limit_kw=[11.0, 11.0]), step_h=[0.5, 1.5])
    solution = ExactPlanner().solve_now(problem)
    assert not trickles(problem, solution)
    assert values(solution) == pytest.approx(best(problem, patterns(problem)), abs=1e-6)


def test_nothing_is_integer_where_nothing_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(Mip, "decide")
    solution = ExactPlanner().solve_now(case(car(2, charge_min_kw=4.0, target_energy_kwh=40.0, target_step=2)))
    assert "integers" not in solution.times_s


def test_where_rounding_costs_nothing_nothing_is_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(Mip, "decide")
    problem = case(car(3, charge_min_kw=4.0, target_energy_kwh=33.0, target_step=3), grid_only(3, import_limit_kw=[3.0, 9, 9]))
    solution = ExactPlanner().solve_now(problem)
    assert "integers" in solution.times_s
    assert (solution.rung, solution.gap_frac) == (Rung.OPTIMAL, pytest.approx(0.0, abs=1e-9))
    assert solution.charge_kw[0, 0] == 0.0


def test_a_three_state_charger_is_off_or_at_full_power() -> None:
    problem = case(car(3, charge_min_kw=10.0, target_energy_kwh=35.0, target_step=1), price=[0.1, 0.2, 0.3], step_h=[2.0, 1.0, 1.0])
    assert ExactPlanner().solve_now(problem).charge_kw[0, 0] == pytest.approx(10.0)


def test_a_car_fills_up_below_its_least_power_on_the_mean() -> None:
    problem = case(car(2, charge_min_kw=4.0, initial_energy_kwh=49.0, target_energy_kwh=50.0, target_step=1))
    assert ExactPlanner().solve_now(problem).charge_kw[0] == pytest.approx([1.0, 0.0])


def test_a_car_in_its_taper_is_charged_as_it_takes_by_every_rung() -> None:
    cars = tapering(car(4, charge_min_kw=4.0, initial_energy_kwh=46.0, target_energy_kwh=50.0, target_step=4), 50.0, 0.5)
    problem = case(cars, step_h=0.25)
    takes_kw = 4.0 * (1 - np.exp(-0.125)) / 0.25 * np.exp(-0.125 * np.arange(4))
    assert takes_kw[0] < 4.0
    for planned in (ExactPlanner().solve_now(problem), least_laxity(problem)):
        assert planned.charge_kw[0] == pytest.approx(takes_kw, rel=1e-5)


def test_far_steps_stay_in_means() -> None:
    problem = case(car(3, charge_min_kw=4.0, target_energy_kwh=22.0, target_step=3), price=[0.3, 0.1, 0.3])
    assert ExactPlanner().solve_now(problem).charge_kw[0] == pytest.approx([0.0, 2.0, 0.0])


def test_a_plan_with_least_powers_keeps_to_its_predecessor() -> None:
    problem = with_minima(fleet(20, 24), 4.14)
    first = ExactPlanner().solve_now(problem)
    again = ExactPlanner().solve_now(replace(problem, storages=replace(problem.storages, previous_power_kw=first.power_kw)))
    assert again.power_kw[:, :4] == pytest.approx(first.power_kw[:, :4], abs=1e-4)
