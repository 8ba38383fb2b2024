"""Losses above the knee in the model: spread where that saves, never burnt where that pays."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from optimizer.conversion import Conversion
from optimizer.exact import ExactPlanner
from optimizer.rungs.rule import least_laxity
from optimizer.verify import faults_of
from tests.optimizer.builders import car, case, fleet_of, grid_only
from v2g.converters import Converters
from v2g.holding import run_least_kw
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
    s = problem.storages
    least_kw, least_back_kw = run_least_kw(problem)
    powers = np.arange(-10, 10 + step_kw / 2, step_kw)
    powers = powers[(np.abs(powers) < 1e-9) | (powers >= least_kw) | (powers <= -least_back_kw)]
    at = [Conversion.of(problem).at(t) for t in range(problem.grid.n_steps)]
    gain_kw = [[c.stored_kw(np.maximum(p, 0.0))[0] - c.drawn_kw(np.maximum(-p, 0.0))[0] for p in powers[:, None]] for c in at]
    plans, gains = (np.stack(np.meshgrid(*x), axis=-1).reshape(-1, len(at)) for x in ([powers] * len(at), gain_kw))
    energy = s.initial_energy_kwh + np.cumsum(gains * problem.grid.step_h, axis=1)
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


def test_standby_near_now_is_lost_by_who_runs_and_idling_saves_it() -> None:
    storages = bent(2, standby_kw=0.5, target_energy_kwh=22.0, target_step=2, discharge_max_kw=0.0)
    solution, terms = solve(case(storages, step_h=0.25))
    # twice 4 kW, or once 8.4: the knee is where nothing is lost
    assert (solution.rung, solution.reason) == (Rung.OPTIMAL, "")
    assert terms["unmet_target"] == pytest.approx(0.0, abs=1e-6)
    assert solution.charge_kw[0] == pytest.approx([4.0, 4.0])


@pytest.mark.parametrize(
    ("price", "initial_kwh"), [([0.1, 0.4], 20.0), ([-0.2, 0.3], 40.0), ([-0.3, -0.3], 48.0), ([0.3, -0.2], 49.0)]
)
def test_the_optimum_with_standby_is_that_of_an_enumeration(price: list[float], initial_kwh: float) -> None:
    storages = bent(2, standby_kw=0.6, initial_energy_kwh=initial_kwh, charge_efficiency=0.9, discharge_efficiency=0.9)
    problem = case(storages, price=price, export=price, step_h=0.25)
    solution, terms = solve(problem)
    assert solution.rung is Rung.OPTIMAL
    best, cost = 0.25 * enumerated(problem, 0.05), terms["energy_import"] + terms["energy_export"]
    assert best - 0.02 <= cost <= best + 1e-6  # the enumeration is coarser by 0.05 kW in each step


def test_a_fleet_of_which_each_would_lose_by_standby_charges_one_after_the_other() -> None:
    cars = fleet_of(*[car(2, target_energy_kwh=20.5, target_step=2, discharge_max_kw=0.0)] * 2)
    converters = replace(Converters.ideal(2), knee_kw=np.full(2, 4.0), standby_kw=np.ones(2))
    problem = case(replace(cars, converters=converters), grid_only(2, import_limit_kw=4.0), step_h=0.25)
    solution, terms = solve(problem)
    assert solution.rung is Rung.OPTIMAL
    # 2.4 kW store 2 kW, and 4 kW are all there is: in two steps each would lose twice
    assert terms["energy_import"] == pytest.approx(0.2 * 0.25 * 4.8)
    assert sorted(solution.charge_kw[:, 0]) == pytest.approx([0.0, 2.4])


def test_power_that_standby_would_eat_is_not_drawn_by_a_rule() -> None:
    flows = least_laxity(case(bent(2, standby_kw=1.0, target_energy_kwh=20.5, target_step=2), step_h=1.0))
    assert flows.energy_kwh[0, -1] == pytest.approx(20.5)
    assert flows.charge_kw[0, 0] == pytest.approx(1.5 / 1.25)
