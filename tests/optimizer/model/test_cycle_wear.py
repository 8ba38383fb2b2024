"""Wear by cycle depth against rainflow counting and an enumeration."""

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.depths import initial_depths, taken_kwh
from optimizer.exact import ExactPlanner
from optimizer.flows import make_flows
from optimizer.replay.ageing import cycle_wear
from optimizer.verify import faults_of
from tests.optimizer.builders import car, case
from v2g.converters import Ageing
from v2g.problem import Problem
from v2g.storages import Storages

SIZES, PRICES = (2.0, 3.0, 5.0), (0.01, 0.04, 0.2)


def aged(n_steps: int, sizes: tuple[float, ...] = SIZES, prices: tuple[float, ...] = PRICES, **changes: Any) -> Storages:
    ageing = Ageing(
        calendar_above_kwh=np.zeros(1),
        calendar_price_per_kwh_h=np.zeros(1),
        depth_kwh=np.array([sizes]),
        depth_price_per_kwh=np.array([prices]),
    )
    plain: dict[str, Any] = {"energy_max_kwh": 10.0, "initial_energy_kwh": 10.0}
    return replace(car(n_steps, **(plain | changes)), ageing=ageing)


def cycle_price(depth_kwh: float) -> float:
    """Return what one full cycle of a depth costs: the area below the prices down to it."""
    edges = np.concatenate(([0.0], np.cumsum(SIZES)))
    return float(np.clip(depth_kwh - edges[:-1], 0.0, SIZES) @ PRICES)


def priced(energies_kwh: list[float]) -> float:
    """Return what a lossless battery's path costs by the replay."""
    power = np.diff(np.array([energies_kwh]), axis=1)
    problem = case(aged(power.shape[1], initial_energy_kwh=energies_kwh[0]))
    return cycle_wear(problem, make_flows(problem, np.maximum(power, 0.0), np.maximum(-power, 0.0)))


@pytest.mark.parametrize("depth_kwh", [1.0, 2.0, 4.5, 10.0])
def test_a_full_cycle_costs_the_area_below_the_prices(depth_kwh: float) -> None:
    assert priced([10.0, 10.0 - depth_kwh, 10.0]) == pytest.approx(cycle_price(depth_kwh))
    assert priced([10.0, 10.0 - depth_kwh / 2, 10.0 - depth_kwh, 10.0]) == pytest.approx(cycle_price(depth_kwh))


@given(st.floats(0.0, 8.0), st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_cycles_within_a_cycle_are_counted_as_rainflow_counts_them(deep_kwh: float, at: float, inner: float) -> None:
    """10 → down part of the way → a little up → all the way down → 10: one cycle of the full depth, one of the small one."""
    low = 10.0 - deep_kwh * at
    small_kwh = (10.0 - low) * inner
    path = [10.0, low, low + small_kwh, 10.0 - deep_kwh, 10.0]
    assert priced(path) == pytest.approx(cycle_price(deep_kwh) + cycle_price(small_kwh), abs=1e-9)


def test_the_same_again_costs_the_same_again() -> None:
    assert priced([10.0, 4.0] * 5) == pytest.approx(5 * cycle_price(6.0))


def test_what_is_stored_at_the_start_lies_deep() -> None:
    assert initial_depths(case(aged(1, initial_energy_kwh=6.0))) == pytest.approx(np.array([[0.0, 1.0, 5.0]]))
    assert initial_depths(case(aged(1, initial_energy_kwh=14.0))) == pytest.approx(np.array([[2.0, 3.0, 5.0]]))


def test_what_is_beyond_all_segments_costs_as_the_deepest() -> None:
    problem = case(aged(1, energy_max_kwh=14.0, initial_energy_kwh=14.0))
    whole = make_flows(problem, np.zeros((1, 1)), np.full((1, 1), 10.0))
    assert taken_kwh(problem, whole) == pytest.approx(np.array([[2.0, 3.0, 5.0]]))
    deeper = make_flows(problem, np.zeros((1, 1)), np.full((1, 1), 13.0))
    assert taken_kwh(problem, deeper) == pytest.approx(np.array([[2.0, 3.0, 8.0]]))


def arbitrage(prices: list[float], **changes: Any) -> Problem:
    return case(aged(len(prices), charge_max_kw=4.0, discharge_max_kw=4.0, **changes), price=prices, export=prices)


def enumerated(prices: list[float], initial_kwh: float) -> float:
    """Return the least cost over all whole powers, and over all ways of taking from and giving to the segments."""
    edges = np.array([int(size) for size in SIZES])
    start = tuple(int(x) for x in initial_depths(case(aged(1, initial_energy_kwh=initial_kwh)))[0])
    best = {start: 0.0}
    moves = [m for m in product(range(-4, 5), repeat=3) if all(x >= 0 for x in m) or all(x <= 0 for x in m)]
    for price in prices:
        reached: dict[tuple[int, ...], float] = {}
        for held, cost in best.items():
            for move in moves:
                after = np.add(held, move)
                if abs(sum(move)) <= 4 and (after >= 0).all() and (after <= edges).all():
                    wear = -np.minimum(move, 0) @ np.array(PRICES)
                    key, total = tuple(after.tolist()), cost + price * sum(move) + wear
                    reached[key] = min(reached.get(key, np.inf), total)
        best = reached
    return min(best.values())


@pytest.mark.parametrize("initial_kwh", [10.0, 6.0, 0.0])
@pytest.mark.parametrize("prices", [[0.3, 0.1, 0.34, 0.2], [0.1, 0.13, 0.1, 0.5], [0.2, 0.25, 0.21, 0.22]])
def test_the_optimum_is_that_of_an_enumeration(prices: list[float], initial_kwh: float) -> None:
    problem = arbitrage(prices, initial_energy_kwh=initial_kwh)
    solution = ExactPlanner().solve_now(problem)
    terms = {t.name: t.value for t in solution.terms}
    assert terms["energy_import"] + terms["energy_export"] + terms["cycle_wear"] == pytest.approx(enumerated(prices, initial_kwh))
    assert faults_of(problem, solution) == ()


def test_one_segment_is_a_flat_price_on_what_is_drawn() -> None:
    problem = case(aged(1, (10.0,), (0.1,), discharge_efficiency=0.8, charge_max_kw=0.0), export=0.13)
    solution = ExactPlanner().solve_now(problem)  # a kWh given earns 0.13 and wears 0.1 / 0.8
    assert solution.discharge_kw[0, 0] == pytest.approx(8.0)
    assert {t.name: t.value for t in solution.terms}["cycle_wear"] == pytest.approx(1.0)


def test_a_drain_is_no_cycle() -> None:
    problem = case(aged(2, drain_kwh=3.0, discharge_max_kw=0.0, target_energy_kwh=9.0, target_step=2))
    solution = ExactPlanner().solve_now(problem)
    assert {t.name: t.value for t in solution.terms}["cycle_wear"] == pytest.approx(0.0, abs=1e-9)
    assert solution.energy_kwh[0, -1] == pytest.approx(9.0)
