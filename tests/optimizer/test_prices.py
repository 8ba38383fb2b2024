"""Each shadow price against what the plan costs after its bound has given way by a little."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from optimizer.exact import ExactPlanner
from tests.optimizer.builders import car, case, fleet_of, grid_only, with_storages
from v2g.commitments import Carbon, Event
from v2g.converters import DischargeCaps
from v2g.network import Circuits
from v2g.problem import Problem
from v2g.solution import ShadowPrices, Tier
from v2g.timegrid import Array

EPSILON = 1e-3


def money(problem: Problem) -> float:
    return ExactPlanner(prefer=False).solve_now(problem).value_of(Tier.MONEY)


def prices_of(problem: Problem) -> ShadowPrices:
    prices = ExactPlanner(prefer=False).solve_now(problem).prices
    assert prices is not None
    return prices


def saved(problem: Problem, changed: Callable[[float], Problem]) -> float:
    """Return what a unit of change saves: the plan is solved again with a little more of it."""
    return (money(problem) - money(changed(EPSILON))) / EPSILON


def bump(values: Array, at: Any, by: float) -> Array:
    """Return the values with one changed."""
    changed = values.copy()
    changed[at] += by
    return changed


def circuits(problem: Problem, **changes: Any) -> Problem:
    return replace(problem, circuits=replace(problem.circuits, **changes))


TREE = Circuits(
    circuit_ids=("grid", "row"),
    parent_index=np.array([-1, 0]),
    import_limit_kw=np.array([[20.0, 14.0, 14.0], [7.0] * 3]),
    export_limit_kw=np.array([[20.0, 9.0, 9.0], [5.0] * 3]),
    phase_limit_kw=np.full((2, 3), np.inf),
    fixed_kw=np.zeros((2, 3)),
    fixed_margin_kw=np.ones((2, 3)),
)
CHARGING = case(
    fleet_of(
        replace(car(3, target_energy_kwh=34.0, target_step=3, discharge_max_kw=0.0), circuit_ids=("row",)),
        car(3, target_energy_kwh=38.0, target_step=3, discharge_max_kw=0.0, charge_efficiency=0.9),
    ),
    TREE,
    price=[0.1, 0.25, 0.4],
)
SELLING = case(
    fleet_of(
        replace(car(3, charge_max_kw=0.0), circuit_ids=("row",)),
        car(3, charge_max_kw=0.0, discharge_efficiency=0.9, initial_energy_kwh=40.0),
    ),
    TREE,
    price=0.5,
    export=[0.3, 0.2, 0.15],
)


@pytest.mark.parametrize("circuit", [0, 1])
@pytest.mark.parametrize("step", range(3))
def test_an_import_limit_is_worth_what_a_kw_more_saves(circuit: int, step: int) -> None:
    at = circuit, step
    wider = saved(CHARGING, lambda e: circuits(CHARGING, import_limit_kw=bump(TREE.import_limit_kw, at, e)))
    assert prices_of(CHARGING).import_per_kw[at] == pytest.approx(wider, abs=1e-6)


def test_the_limits_of_that_test_bind_on_both_levels() -> None:
    assert (prices_of(CHARGING).import_per_kw.sum(axis=1) > 0.05).all()
    assert (prices_of(SELLING).export_per_kw.sum(axis=1) > 0.05).all()


@pytest.mark.parametrize("circuit", [0, 1])
@pytest.mark.parametrize("step", range(3))
def test_an_export_limit_is_worth_what_a_kw_more_earns(circuit: int, step: int) -> None:
    at = circuit, step
    wider = saved(SELLING, lambda e: circuits(SELLING, export_limit_kw=bump(TREE.export_limit_kw, at, e)))
    assert prices_of(SELLING).export_per_kw[at] == pytest.approx(wider, abs=1e-6)


@pytest.mark.parametrize("share", [[0.0, 1.0, 0.0], [1 / 3, 1 / 3, 1 / 3]])
def test_a_phase_limit_is_worth_what_a_kw_more_saves(share: list[float]) -> None:
    storages = replace(car(2, target_energy_kwh=30.0, target_step=2, discharge_max_kw=0.0), phase_share=np.array([share]))
    limit = np.array([[8.0, 2.0 if max(share) < 1 else 6.0, 8.0]])
    problem = case(storages, grid_only(2, phase_limit_kw=limit[0]), price=[0.1, 0.4])
    prices = prices_of(problem)
    wider = saved(problem, lambda e: circuits(problem, phase_limit_kw=bump(limit, (0, 1), e)))
    assert wider > 0.05
    assert prices.phase_per_kw[0].sum(axis=1) == pytest.approx([0.0, wider, 0.0])
    assert prices.import_per_kw == pytest.approx(np.zeros((1, 2)), abs=1e-9)


def test_a_phase_that_binds_by_exporting_has_a_negative_price() -> None:
    storages = replace(car(1, charge_max_kw=0.0), phase_share=np.array([[0.0, 0.0, 1.0]]))
    problem = case(storages, grid_only(1, phase_limit_kw=4.0), price=0.5, export=0.3)
    assert prices_of(problem).phase_per_kw[0, :, 0] == pytest.approx([0.0, 0.0, -0.3])


def test_equally_tight_phases_of_balanced_cars_share_the_price() -> None:
    problem = case(
        car(2, target_energy_kwh=30.0, target_step=2, discharge_max_kw=0.0), grid_only(2, phase_limit_kw=2.0), price=[0.1, 0.4]
    )
    wider = saved(problem, lambda e: circuits(problem, phase_limit_kw=np.full((1, 3), 2.0 + e)))
    assert prices_of(problem).phase_per_kw[0, :, 0] == pytest.approx([wider / 3] * 3)


@pytest.mark.parametrize("unit", [0, 1])
def test_a_promise_costs_what_its_last_kwh_does(unit: int) -> None:
    s = CHARGING.storages
    less = saved(CHARGING, lambda e: with_storages(CHARGING, target_energy_kwh=bump(s.target_energy_kwh, unit, -e)))
    assert less > 0.1
    assert prices_of(CHARGING).promise_per_kwh[unit] == pytest.approx(less)


@pytest.mark.parametrize("problem", [CHARGING, SELLING], ids=["charging", "selling"])
@pytest.mark.parametrize("unit", [0, 1])
@pytest.mark.parametrize("step", range(3))
def test_stored_energy_is_worth_what_a_kwh_for_nothing_saves(problem: Problem, unit: int, step: int) -> None:
    drain = problem.storages.drain_kwh
    given = saved(problem, lambda e: with_storages(problem, drain_kwh=bump(drain, (unit, step), -e)))
    assert prices_of(problem).energy_per_kwh[unit, step] == pytest.approx(given, abs=1e-6)


def test_a_discharge_cap_is_worth_what_a_kwh_more_earns() -> None:
    caps = DischargeCaps(window=np.array([[1.0, 1.0, 0.0], [0.0, 1.0, 1.0]]), most_kwh=np.array([[6.0, 9.0]]))
    problem = with_storages(case(car(3, charge_max_kw=0.0, wear_cost_per_kwh=0.05), price=0.5, export=[0.3, 0.25, 0.2]), caps=caps)
    for window in range(2):
        more = replace(caps, most_kwh=bump(caps.most_kwh, (0, window), EPSILON))
        wider = (money(problem) - money(with_storages(problem, caps=more))) / EPSILON
        assert prices_of(problem).cap_per_kwh[0, window] == pytest.approx(wider, abs=1e-6)


def test_a_kwh_at_the_connection_costs_its_price_its_carbon_the_event_and_the_peak() -> None:
    event = Event(
        event_id="e", direction=1, cover=np.array([0.0, 1.0]), baseline_kw=np.full(2, 9.0), committed_kw=9.0, payment_per_kwh=0.7
    )
    problem = case(
        car(2, charge_max_kw=0.0, discharge_max_kw=0.0), grid_only(2, fixed_kw=[6.0, 5.0]), price=0.2, demand=3.0, step_h=0.5
    )
    carbon = Carbon(intensity_kg_per_kwh=np.array([0.5, 0.4]), price_per_kg=0.1)
    problem = replace(problem, connection=replace(problem.connection, carbon=carbon), events=(event,))
    # the peak stands in the first step: 3.0 a kW are 6.0 a kWh of half an hour
    assert prices_of(problem).site_per_kwh == pytest.approx([0.2 + 0.05 + 6.0, 0.2 + 0.04 + 0.7])


def test_the_price_at_the_connection_is_not_the_limits() -> None:
    prices = prices_of(case(car(2, target_energy_kwh=32.0, target_step=2), grid_only(2, import_limit_kw=8.0), price=[0.1, 0.4]))
    assert prices.site_per_kwh == pytest.approx([0.1, 0.4])
    assert prices.import_per_kw[0] == pytest.approx([0.3, 0.0])


def test_what_no_money_buys_has_the_highest_price_there_is() -> None:
    storages = fleet_of(*[car(2, target_energy_kwh=40.0, target_step=2)] * 2, car(2))
    problem = case(storages, grid_only(2, import_limit_kw=12.0), step_h=[0.5, 1.0])
    prices = prices_of(with_storages(problem, initial_energy_kwh=np.array([20.0, 20.0, 0.0])))
    assert prices.promise_per_kwh == pytest.approx([prices.most_per_kwh] * 2 + [0.0])
    assert prices.import_per_kw[0] == pytest.approx(prices.most_per_kwh * problem.grid.step_h)
    assert prices.most_per_kwh > 0.2


def test_a_limit_that_the_load_alone_breaks_has_the_highest_price_there_is() -> None:
    prices = prices_of(case(car(1, discharge_max_kw=2.0), grid_only(1, import_limit_kw=5.0, fixed_kw=9.0)))
    assert prices.import_per_kw[0, 0] == pytest.approx(prices.most_per_kwh)
