"""Losses above the knee in the model: spread where that saves, never burnt where that pays."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from optimizer.conversion import Conversion
from optimizer.exact import ExactPlanner
from optimizer.rungs.rule import least_laxity
from optimizer.verify import faults_of
from tests.optimizer.builders import car, case
from v2g.converters import Converters
from v2g.problem import Problem
from v2g.solution import Rung, Solution
from v2g.storages import Storages


def bent(n_steps: int, **changes: Any) -> Storages:
    """Return a car whose converter loses a tenth of what is above 4 kW, and what else is asked for."""
    own = {name: np.array([float(changes.pop(name))]) for name in Converters.__slots__ if name in changes}
    plain = {"knee_kw": np.array([4.0]), "knee_loss_frac": np.array([0.1])}
    return replace(car(n_steps, **changes), converters=replace(Converters.ideal(1), **(plain | own)))


def solve(problem: Problem) -> tuple[Solution, dict[str, float]]:
    solution = ExactPlanner().solve_now(problem)
    assert faults_of(problem, solution) == ()
    return solution, {term.name: term.value for term in solution.terms}


def test_under_a_flat_price_power_stays_below_the_knee() -> None:
    solution, _ = solve(case(bent(3, target_energy_kwh=32.0, target_step=3, discharge_max_kw=0.0)))
    assert solution.power_kw[0] == pytest.approx([4.0, 4.0, 4.0])


@pytest.mark.parametrize(("price", "power_kw"), [(0.2 * 0.89, 4.0 + 2.0 / 0.9), (0.2 * 0.91, 4.0)])
def test_power_passes_the_knee_where_energy_is_cheaper_by_more_than_its_loss(price: float, power_kw: float) -> None:
    storages = bent(2, target_energy_kwh=20 + 4.0 + 2.0, target_step=2, discharge_max_kw=0.0)
    solution, _ = solve(case(storages, price=[price, 0.2]))
    assert solution.power_kw[0, 0] == pytest.approx(power_kw)


def test_giving_above_the_knee_draws_more() -> None:
    solution, _ = solve(case(bent(1, charge_max_kw=0.0), export=0.3))
    assert solution.energy_kwh[0, 0] == pytest.approx(20 - 10 - 0.6)


def enumerated(problem: Problem, step_kw: float) -> float:
    """Return the least cost of all powers in steps, by the energy function."""
    s, conversion = problem.storages, Conversion.of(problem.storages)
    powers = np.arange(-10, 10 + step_kw / 2, step_kw)
    plans = np.stack(np.meshgrid(*[powers] * problem.grid.n_steps), axis=-1).reshape(-1, problem.grid.n_steps)
    gain = conversion.stored_kw(np.maximum(plans, 0.0)) - conversion.drawn_kw(np.maximum(-plans, 0.0))
    energy = s.initial_energy_kwh + np.cumsum(gain, axis=1)
    holds = ((energy >= s.energy_min_kwh - 1e-9) & (energy <= s.energy_max_kwh + 1e-9)).all(axis=1)
    return float((plans[holds] @ problem.connection.import_price_per_kwh).min())


@pytest.mark.parametrize(
    ("price", "initial_kwh"),
    [([0.1, 0.4, 0.2], 20.0), ([-0.2, -0.1, 0.3], 40.0), ([-0.3, -0.3, -0.3], 45.0), ([0.3, -0.2, 0.35], 30.0)],
)
def test_the_optimum_is_that_of_an_enumeration_at_prices_of_either_sign(price: list[float], initial_kwh: float) -> None:
    storages = bent(3, initial_energy_kwh=initial_kwh, charge_efficiency=0.9, discharge_efficiency=0.9)
    problem = case(storages, price=price, export=price)
    solution, terms = solve(problem)
    assert solution.rung is Rung.OPTIMAL
    best, cost = enumerated(problem, 0.5), terms["energy_import"] + terms["energy_export"]
    assert best - 0.15 <= cost <= best + 1e-6  # half a kW finer in each step


def test_nothing_is_burnt_above_a_knee_that_is_not_passed() -> None:
    """Paid to draw, a nearly full battery takes what it holds: no power is both above and below the knee."""
    solution, terms = solve(case(bent(1, initial_energy_kwh=47.0, discharge_max_kw=0.0), price=-0.5))
    assert solution.power_kw[0, 0] == pytest.approx(3.0)
    assert terms["energy_import"] == pytest.approx(-1.5)


def test_the_rule_reaches_its_target_through_the_losses() -> None:
    flows = least_laxity(case(bent(1, target_energy_kwh=28.0, target_step=1)))
    assert flows.energy_kwh[0, 0] == pytest.approx(28.0)
    assert flows.charge_kw[0, 0] == pytest.approx(4.0 + 4.0 / 0.9)


def test_standby_is_counted_and_told_though_the_linear_program_does_not_see_it() -> None:
    storages = bent(2, standby_kw=0.5, target_energy_kwh=22.0, target_step=2, discharge_max_kw=0.0)
    problem = case(storages, price=[0.1, 0.2])
    solution, terms = solve(problem)
    assert solution.energy_kwh[0, -1] == pytest.approx(20.0 + 2.0 - 0.5 * (1 - 2.0 / 4.0))
    assert terms["unmet_target"] == pytest.approx(0.25)
    assert solution.rung is Rung.ROUNDED
    assert "standby" in solution.reason


def test_power_that_standby_would_eat_is_not_drawn_by_a_rule() -> None:
    flows = least_laxity(case(bent(2, standby_kw=1.0, target_energy_kwh=20.5, target_step=2), step_h=1.0))
    assert flows.energy_kwh[0, -1] == pytest.approx(20.5)
    assert flows.charge_kw[0, 0] == pytest.approx(1.5 / 1.25)
