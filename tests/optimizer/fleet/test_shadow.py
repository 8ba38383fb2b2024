"""A fleet's shadow prices: those of the exact planner where they are unique, what cars were asked, what explanations say."""

from dataclasses import replace

import numpy as np
import pytest

from optimizer.exact import ExactPlanner
from optimizer.fleet import shadow
from optimizer.fleet.cars import Cars
from optimizer.fleet.planner import FleetPlanner
from optimizer.fleet.worths import find_worths
from tests.optimizer.builders import car, case, fleet_of, grid_only, with_storages
from tests.optimizer.fleet.mixes import station
from tests.optimizer.instances import fleet
from tests.optimizer.test_prices import CHARGING
from v2g.explaining import explain
from v2g.problem import Problem
from v2g.solution import ShadowPrices, Solution, Tier
from v2g.storages import StorageKind
from v2g.timegrid import Array
from v2g.unit_prices import unit_prices

WANTING = car(target_energy_kwh=40.0, target_step=4, discharge_max_kw=0.0)
TRADING = car(discharge_max_kw=10.0, charge_efficiency=0.9, discharge_efficiency=0.9, wear_cost_per_kwh=0.02)
CASES = {
    "two chargers": CHARGING,
    "a limit": case(WANTING, grid_only(import_limit_kw=6.0), price=[0.1, 0.1, 0.3, 0.3]),
    "a phase": case(WANTING, grid_only(phase_limit_kw=[2.0, 99.0, 99.0]), price=[0.1, 0.1, 0.3, 0.3]),
    "trade": case(TRADING, price=[0.4, 0.1, 0.2, 0.5], export=[0.4, 0.1, 0.2, 0.5]),
    "out of reach": case(fleet_of(replace(WANTING, target_energy_kwh=np.array([70.0])), TRADING), price=[0.1, 0.2, 0.1, 0.3]),
}


def planned(problem: Problem) -> tuple[Solution, ShadowPrices]:
    solution = FleetPlanner(gap=1e-6).solve_now(problem)
    assert solution.prices is not None
    return solution, solution.prices


@pytest.mark.parametrize("name", ["two chargers", "a limit", "a phase", "out of reach"])
def test_the_sites_and_the_promises_prices_are_the_exact_planners(name: str) -> None:
    exact, (_, prices) = ExactPlanner(prefer=False).solve_now(CASES[name]).prices, planned(CASES[name])
    assert exact is not None
    assert prices.most_per_kwh == pytest.approx(exact.most_per_kwh)
    assert prices.site_per_kwh == pytest.approx(exact.site_per_kwh, abs=1e-4)
    assert prices.import_per_kw == pytest.approx(exact.import_per_kw, abs=1e-4)
    assert prices.phase_per_kw == pytest.approx(exact.phase_per_kw, abs=1e-4)
    assert prices.promise_per_kwh == pytest.approx(exact.promise_per_kwh, abs=1e-4)


@pytest.mark.parametrize("name", list(CASES))
def test_a_kwh_is_worth_what_one_less_would_cost(name: str) -> None:
    problem, less_kwh = CASES[name], 1e-3
    _, prices = planned(problem)
    s = problem.storages
    less = with_storages(problem, initial_energy_kwh=s.initial_energy_kwh - less_kwh * (np.arange(s.n_units) == 0))
    costs = [ExactPlanner(prefer=False).solve_now(p).value_of(Tier.MONEY) for p in (problem, less)]
    if prices.energy_per_kwh[0, 0] < prices.most_per_kwh - 1e-6:
        assert prices.energy_per_kwh[0, 0] == pytest.approx((costs[1] - costs[0]) / less_kwh, abs=1e-3)


def test_what_units_are_told_is_what_cars_were_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Array] = []

    def kept(cars: Cars, price: Array, energy: Array) -> tuple[Array, Array]:
        asked.append(price)
        return find_worths(cars, price, energy)

    monkeypatch.setattr(shadow, "find_worths", kept)
    problem = station(3, 40)
    solution, prices = planned(problem)
    told = unit_prices(problem, solution).per_kwh
    most = 2 * prices.most_per_kwh
    curves = {tuple(np.round(np.clip(curve, -most, most), 6)) for curve in asked[0]}
    moderate = (np.abs(told) < prices.most_per_kwh).all(axis=1)
    assert moderate.any()
    assert all(tuple(np.round(curve, 6)) in curves for curve in told[moderate])


def test_plans_are_explained_with_their_prices() -> None:
    problem = fleet(40, 24)
    kinds = (StorageKind.BATTERY, *problem.storages.kinds[1:])
    problem = with_storages(problem, kinds=kinds)
    solution, prices = planned(problem)
    assert all(np.isfinite(getattr(prices, name)).all() for name in ("site_per_kwh", "energy_per_kwh", "promise_per_kwh"))
    explained = explain(problem, solution, solution.power_kw, np.full(problem.shape[0], np.inf))
    assert explained.why.shape == problem.shape


def test_of_very_many_cars_there_are_no_prices_and_explanations_do_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shadow, "MOST_CARS", 10)
    problem = fleet(20, 12)
    solution = FleetPlanner().solve_now(problem)
    assert solution.prices is None
    assert explain(problem, solution, solution.power_kw, np.full(20, np.inf)).why.shape == (20, 12)
