"""Ramps: growth is bounded, falling is smooth where it can be."""

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest

from optimizer.exact import ExactPlanner
from optimizer.rungs.previous import previous_plan
from optimizer.rungs.rule import least_laxity
from optimizer.verify import faults_of
from tests.optimizer.builders import car, case, grid_only, with_storages
from v2g.converters import Converters
from v2g.problem import Problem
from v2g.solution import Solution
from v2g.storages import Storages


def ramped(ramp_kw_per_h: float, in_force_kw: float, n_steps: int = 4, **changes: Any) -> Storages:
    converters = replace(Converters.ideal(1), ramp_kw_per_h=np.array([ramp_kw_per_h]), in_force_kw=np.array([in_force_kw]))
    return replace(car(n_steps, **changes), converters=converters)


def solve(problem: Problem) -> tuple[Solution, dict[str, float]]:
    solution = ExactPlanner().solve_now(problem)
    assert faults_of(problem, solution) == ()
    return solution, {term.name: term.value for term in solution.terms}


def test_power_grows_by_the_ramp_from_what_is_in_force() -> None:
    problem = case(ramped(4.0, 0.0, target_energy_kwh=50.0, target_step=4))
    solution, terms = solve(problem)
    assert solution.power_kw[0] == pytest.approx([2.0, 6.0, 10.0, 10.0])  # half an hour to the middle of the first step
    assert terms["unmet_target"] == pytest.approx(50 - 20 - 28)
    assert least_laxity(problem).power_kw == pytest.approx(solution.power_kw)


def test_unequal_steps_count_from_middle_to_middle() -> None:
    storages = ramped(4.0, 0.0, 3, charge_max_kw=99.0, target_energy_kwh=50.0, target_step=3)
    solution, _ = solve(case(storages, step_h=[0.5, 1.0, 0.25]))
    assert solution.power_kw[0] == pytest.approx([1.0, 4.0, 6.5])


def test_an_unknown_power_in_force_bounds_nothing() -> None:
    solution, _ = solve(case(ramped(4.0, np.nan, target_energy_kwh=50.0, target_step=4)))
    assert solution.power_kw[0, 0] == pytest.approx(10.0)


def test_power_falls_by_the_ramp_whatever_that_costs() -> None:
    solution, terms = solve(case(ramped(4.0, 10.0, discharge_max_kw=0.0), price=9.0))
    assert solution.power_kw[0] == pytest.approx([8.0, 4.0, 0.0, 0.0])
    assert terms["ramp_broken"] == pytest.approx(0.0, abs=1e-6)


def test_a_full_battery_sheds_at_once_and_says_so() -> None:
    problem = case(ramped(4.0, 10.0, energy_max_kwh=20.0, discharge_max_kw=0.0))
    solution, terms = solve(problem)
    assert solution.power_kw[0] == pytest.approx([0.0] * 4, abs=1e-6)
    assert terms["ramp_broken"] == pytest.approx(8.0)
    assert not least_laxity(problem).power_kw.any()


def test_a_limit_sheds_too_and_no_more_than_needed() -> None:
    problem = case(ramped(4.0, 10.0, discharge_max_kw=0.0), grid_only(4, import_limit_kw=5.0), price=9.0)
    solution, terms = solve(problem)
    assert solution.power_kw[0] == pytest.approx([5.0, 1.0, 0.0, 0.0], abs=1e-6)
    assert terms["ramp_broken"] == pytest.approx(3.0)
    assert least_laxity(problem).power_kw[0, 0] == pytest.approx(5.0)


def test_who_drives_off_breaks_no_ramp() -> None:
    _, terms = solve(case(ramped(1.0, 10.0, charge_max_kw=[10.0, 0.0, 0.0, 0.0], discharge_max_kw=0.0)))
    assert terms["ramp_broken"] == pytest.approx(0.0, abs=1e-6)


def test_the_previous_plan_is_followed_as_far_as_the_ramp_lets_it() -> None:
    problem = case(ramped(4.0, 0.0, previous_power_kw=[10.0, -10.0, -10.0, 0.0]))
    assert previous_plan(problem).power_kw[0] == pytest.approx([2.0, -2.0, -6.0, -2.0])


def test_the_best_way_through_a_sharp_price_is_that_of_an_enumeration() -> None:
    price, ramp = np.array([0.1, 0.4, 0.05, 0.3]), 3.0
    problem = case(
        ramped(ramp, 2.0, charge_max_kw=5.0, discharge_max_kw=5.0, initial_energy_kwh=6.0, energy_max_kwh=12.0),
        price=price,
        export=price,
    )
    _, terms = solve(problem)
    best = min(
        float(price @ p)
        for p in map(np.array, product(np.arange(-5, 5.5, 0.5), repeat=4))
        if abs(p[0] - 2.0) <= ramp / 2
        and (np.abs(np.diff(p)) <= ramp).all()
        and (np.cumsum(p) + 6 >= 0).all()
        and (np.cumsum(p) + 6 <= 12).all()
    )
    assert terms["energy_import"] + terms["energy_export"] == pytest.approx(best)


def test_growing_beyond_the_ramp_is_found() -> None:
    problem = case(ramped(4.0, 0.0, target_energy_kwh=50.0, target_step=4))
    reckless = ExactPlanner().solve_now(with_storages(problem, converters=None))
    assert any("grows beyond its ramp" in fault for fault in faults_of(problem, reckless))
