"""The constant-voltage phase against its differential equation."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from optimizer.exact import ExactPlanner
from optimizer.rungs.rule import least_laxity
from optimizer.verify import faults_of
from tests.optimizer.builders import car, case
from v2g.converters import Converters
from v2g.problem import Problem
from v2g.storages import Storages

STEP_H = np.array([0.25, 0.5, 1.0, 0.1, 2.0])
RATE_PER_H = 0.8


def tapered(full_kwh: float, rate_per_h: float = RATE_PER_H, n_steps: int = 5, **changes: Any) -> Storages:
    converters = replace(Converters.ideal(1), taper_full_kwh=np.array([full_kwh]), taper_per_h=np.array([rate_per_h]))
    return replace(car(n_steps, **changes), converters=converters)


def hungry(**changes: Any) -> Problem:
    """Return a car that wants more than it can take."""
    storages = tapered(50.0, charge_max_kw=100.0, target_energy_kwh=60.0, target_step=5, discharge_max_kw=0.0, **changes)
    return case(storages, step_h=STEP_H)


def exact_kwh(drained_kwh: float = 0.0) -> list[float]:
    """Return the energies at step ends of dE/dt = rate·(50 − E), E = 20, each step followed by its drain."""
    energy, energies = 20.0, []
    for h in STEP_H:
        energy = 50.0 - (50.0 - energy) * np.exp(-RATE_PER_H * h) - drained_kwh
        energies.append(energy)
    return energies


@pytest.mark.parametrize("efficiency", [1.0, 0.9])
def test_charging_all_it_can_a_battery_follows_the_differential_equation(efficiency: float) -> None:
    solution = ExactPlanner().solve_now(hungry(charge_efficiency=efficiency))
    assert solution.energy_kwh[0] == pytest.approx(exact_kwh())
    assert faults_of(hungry(charge_efficiency=efficiency), solution) == ()


def test_drained_meanwhile_it_takes_more() -> None:
    assert ExactPlanner().solve_now(hungry(drain_kwh=1.0)).energy_kwh[0] == pytest.approx(exact_kwh(1.0))


def test_the_rule_follows_it_too() -> None:
    assert least_laxity(hungry()).energy_kwh[0] == pytest.approx(exact_kwh())


def test_what_is_out_of_reach_for_the_taper_is_proven_so_at_once() -> None:
    solution = ExactPlanner().solve_now(hungry())
    assert {t.name: t.value for t in solution.terms}["unmet_target"] == pytest.approx(60.0 - exact_kwh()[-1])


def test_a_battery_fuller_than_full_idles() -> None:
    problem = case(tapered(15.0, n_steps=3, target_energy_kwh=30.0, target_step=3))
    solution = ExactPlanner().solve_now(problem)
    assert solution.power_kw[0] == pytest.approx([0.0, 0.0, 0.0], abs=1e-9)
    assert faults_of(problem, solution) == ()


def test_an_early_bird_charges_slowly_at_the_end() -> None:
    """With a cheap last hour, only what the taper lets in then is left for it."""
    problem = case(
        tapered(50.0, 1.0, 3, charge_max_kw=100.0, target_energy_kwh=45.0, target_step=3, discharge_max_kw=0.0),
        price=[0.3, 0.3, 0.1],
    )
    solution = ExactPlanner().solve_now(problem)
    before = 50 - 5 * np.e  # from where an hour leads to 45
    assert solution.energy_kwh[0, 1:] == pytest.approx([before, 45.0])


def test_more_than_it_takes_is_found() -> None:
    problem, reckless = hungry(), case(car(5, charge_max_kw=100.0, target_energy_kwh=50.0, target_step=5), step_h=STEP_H)
    assert any("exceeds its taper" in fault for fault in faults_of(problem, ExactPlanner().solve_now(reckless)))
