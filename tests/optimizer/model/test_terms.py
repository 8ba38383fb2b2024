"""Each term of the objective against its closed form."""

import numpy as np
import pytest

from optimizer.exact import ExactPlanner
from optimizer.model.build import TERMS
from tests.optimizer.builders import car, case, fleet_of, grid_only, with_storages
from v2g.problem import Problem
from v2g.solution import Solution, Tier


def solve(problem: Problem) -> tuple[Solution, dict[str, float]]:
    solution = ExactPlanner().solve_now(problem)
    return solution, {term.name: term.value for term in solution.terms}


def test_every_term_of_the_model_is_reported_in_its_tier_and_unit() -> None:
    solution, _ = solve(case(car()))
    told = [(t.name, t.tier, t.unit) for t in solution.terms]
    assert told == [(t.name, t.tier, t.unit) for t in TERMS]


def test_overload_is_what_no_discharge_can_relieve() -> None:
    storages = car(2, energy_min_kwh=14.0, charge_max_kw=0.0)
    _, terms = solve(case(storages, grid_only(2, import_limit_kw=10.0, fixed_kw=[18.0, 5.0])))
    assert terms["overload"] == pytest.approx(2.0)  # 18 − 10 − (20 − 14)


def test_overload_never_grows_above_what_idling_causes() -> None:
    storages = car(2, target_energy_kwh=40.0, target_step=2)
    solution, terms = solve(case(storages, grid_only(2, import_limit_kw=10.0, fixed_kw=[30.0, 4.0])))
    assert terms["overload"] == pytest.approx(10.0)
    assert solution.power_kw[0] == pytest.approx([-10.0, 6.0])


def test_a_car_below_its_floor_is_lifted_at_once_whatever_the_price() -> None:
    storages = car(3, initial_energy_kwh=5.0, energy_min_kwh=30.0)
    solution, terms = solve(case(storages, price=[9.0, 1.0, 0.1]))
    assert solution.power_kw[0] == pytest.approx([10.0, 10.0, 5.0])
    assert terms["energy_outside"] == pytest.approx(15.0 + 5.0)


def test_a_car_above_its_maximum_is_not_an_error() -> None:
    storages = car(2, initial_energy_kwh=60.0, energy_max_kwh=50.0, discharge_max_kw=4.0)
    solution, terms = solve(case(storages))
    assert solution.discharge_kw[0] == pytest.approx([4.0, 4.0])
    assert terms["energy_outside"] == pytest.approx(6.0 + 2.0)


def test_unmet_target_is_what_is_out_of_reach() -> None:
    solution, terms = solve(case(car(3, target_energy_kwh=48.0, target_step=2, priority=3.0)))
    assert solution.power_kw[0, :2] == pytest.approx([10.0, 10.0])
    assert terms["unmet_target"] == pytest.approx(3 * 8.0)


def test_the_scarce_kwh_goes_to_the_driver_of_higher_priority() -> None:
    cars = [car(1, target_energy_kwh=30.0, target_step=1, priority=p) for p in (1.0, 1.5)]
    solution, terms = solve(case(fleet_of(*cars), grid_only(1, import_limit_kw=12.0)))
    assert solution.power_kw[:, 0] == pytest.approx([2.0, 10.0])
    assert terms["unmet_target"] == pytest.approx(8.0)


def test_energy_is_bought_where_it_is_cheapest() -> None:
    storages = car(4, target_energy_kwh=35.0, target_step=4, discharge_max_kw=0.0)
    solution, terms = solve(case(storages, price=[0.4, 0.1, 0.3, 0.2]))
    assert solution.power_kw[0] == pytest.approx([0.0, 10.0, 0.0, 5.0])
    assert terms["energy_import"] == pytest.approx(10 * 0.1 + 5 * 0.2)


def test_arbitrage_pays_only_beyond_losses_and_wear() -> None:
    storages = car(2, charge_efficiency=0.9, discharge_efficiency=0.9, wear_cost_per_kwh=0.05, initial_energy_kwh=0.0)
    # bought at 0.1 / 0.81 = 0.1235 a kWh given back, plus 0.05 of wear
    solution, terms = solve(case(storages, price=[0.1, 0.2], export=[0.0, 0.173]))
    assert solution.discharge_kw.sum() == pytest.approx(0.0, abs=1e-6)
    solution, terms = solve(case(storages, price=[0.1, 0.2], export=[0.0, 0.174]))
    assert solution.discharge_kw[0, 1] == pytest.approx(8.1)
    assert terms["wear"] == pytest.approx(8.1 * 0.05)
    assert terms["energy_export"] == pytest.approx(-8.1 * 0.174)


def test_demand_charge_counts_only_what_exceeds_the_peak_so_far() -> None:
    storages = car(4, target_energy_kwh=44.0, target_step=4, discharge_max_kw=0.0)
    solution, terms = solve(case(storages, price=[0.1, 0.2, 0.3, 0.4], demand=5.0, peak=3.0))
    assert solution.import_kw == pytest.approx([6.0, 6.0, 6.0, 6.0])
    assert terms["demand_charge"] == pytest.approx(5.0 * 3.0)


def test_early_departure_is_worth_charging_for_until_its_price_is_reached() -> None:
    probability = np.array([[0.5, 0.0, 0.0]])
    storages = car(3, target_energy_kwh=25.0, target_step=3, departure_probability=probability, shortfall_price_per_kwh=1.0)
    dear, cheap = case(storages, price=[0.8, 0.2, 0.2]), case(storages, price=[0.6, 0.2, 0.2])
    solution, terms = solve(dear)  # a kWh earlier costs 0.6 more and saves 0.5
    assert solution.power_kw[0, 0] == pytest.approx(0.0, abs=1e-6)
    assert terms["early_departure"] == pytest.approx(0.5 * 5.0)
    solution, terms = solve(cheap)
    assert solution.power_kw[0, 0] == pytest.approx(5.0)
    assert terms["early_departure"] == pytest.approx(0.0, abs=1e-9)


def test_terminal_value_fills_a_battery_only_below_its_worth() -> None:
    solution, terms = solve(case(car(2, terminal_value_per_kwh=0.15), price=[0.2, 0.1]))
    assert solution.power_kw[0] == pytest.approx([0.0, 10.0])
    assert terms["terminal_value"] == pytest.approx(-0.15 * 30.0)


def test_a_plan_keeps_to_its_predecessor_where_that_costs_nothing() -> None:
    storages = car(4, target_energy_kwh=30.0, target_step=4, previous_power_kw=[0.0, 3.0, 7.0, 0.0])
    solution, terms = solve(case(storages))
    assert solution.power_kw[0] == pytest.approx([0.0, 3.0, 7.0, 0.0])
    assert terms["stability"] == pytest.approx(0.0, abs=1e-9)


def test_a_plan_leaves_its_predecessor_where_that_saves_money() -> None:
    storages = car(4, target_energy_kwh=30.0, target_step=4, previous_power_kw=[0.0, 3.0, 7.0, 0.0], discharge_max_kw=0.0)
    solution, terms = solve(case(storages, price=[0.2, 0.2, 0.2, 0.17]))
    assert solution.power_kw[0] == pytest.approx([0.0, 0.0, 0.0, 10.0])
    assert terms["stability"] == pytest.approx(3 + 7 + 10)


def test_a_plan_keeps_to_its_predecessor_where_leaving_it_saves_next_to_nothing() -> None:
    storages = car(4, target_energy_kwh=30.0, target_step=4, previous_power_kw=[0.0, 3.0, 7.0, 0.0], discharge_max_kw=0.0)
    solution, terms = solve(case(storages, price=[0.2, 0.2, 0.2, 0.19]))  # 10 kWh saved 0.01 each; 20 kWh moved for 0.006 each
    assert solution.power_kw[0] == pytest.approx([0.0, 3.0, 7.0, 0.0])
    assert terms["stability"] == pytest.approx(0.0, abs=1e-9)
    assert solution.gap_frac is not None
    assert solution.gap_frac >= (2.0 - 1.9) / 2.0


def test_under_a_flat_price_charging_comes_early() -> None:
    storages = car(4, target_energy_kwh=35.0, target_step=4)
    solution, terms = solve(case(storages))
    assert solution.power_kw[0] == pytest.approx([10.0, 5.0, 0.0, 0.0])
    assert terms["earliness"] == pytest.approx(5.0)


def test_preference_costs_no_money() -> None:
    problem = case(car(4, target_energy_kwh=35.0, target_step=4), price=[0.3, 0.2, 0.2, 0.1], export=0.15)
    plain = ExactPlanner(prefer=False).solve_now(problem)
    preferred = ExactPlanner().solve_now(with_storages(problem, previous_power_kw=np.full((1, 4), 4.0)))
    assert preferred.value_of(Tier.MONEY) == pytest.approx(plain.value_of(Tier.MONEY), abs=1e-9)
