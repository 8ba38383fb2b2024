"""Cycles counted by rainflow, in closed form."""

from dataclasses import replace

import pytest

from adapters.farm.outcome import VisitOutcome
from config.simulation.wear_audit import DEPTHS, STRESS, audit
from tests.adapters.farm.stations import stay

PRICE = 0.1


def held(*shares: float, capacity_kwh: float = 50.0) -> VisitOutcome:
    """Return a stay in which the battery holds these shares of its capacity, from arrival to departure."""
    visit = replace(stay(), capacity_kwh=capacity_kwh, soc_frac=shares[0], energy_kwh=0.0)
    trace = tuple(capacity_kwh * share for share in shares[1:-1])
    left_kwh = capacity_kwh * shares[-1]
    return VisitOutcome(
        visit=visit, finished=True, left_kwh=left_kwh, possible_kwh=capacity_kwh, below_floor=False, trace_kwh=trace
    )


def test_a_battery_that_only_charges_has_half_a_cycle() -> None:
    found = audit([held(0.2, 0.3, 0.5, 0.8)], PRICE)
    assert found.cycles.sum() == 0.5
    assert found.full_cycles == pytest.approx(0.5 * 0.6)
    assert found.cost == pytest.approx(PRICE * 50.0 * 0.5 * 0.6**STRESS)


def test_a_cycle_within_a_cycle_is_one_of_its_own() -> None:
    """Up by 0.6, within that down and up by 0.2: half a deep cycle and a whole shallow one."""
    found = audit([held(0.2, 0.6, 0.4, 0.8)], PRICE)
    assert found.cycles[DEPTHS[:-1].searchsorted(0.6, side="right") - 1] == 0.5
    assert found.cycles[DEPTHS[:-1].searchsorted(0.2, side="right") - 1] + found.cycles[2] >= 1.0
    assert found.full_cycles == pytest.approx(0.5 * 0.6 + 1.0 * 0.2)
    assert found.cost_by_energy == pytest.approx(PRICE * 50.0 * found.full_cycles)


def test_one_deep_cycle_wears_more_than_shallow_ones_of_the_same_energy() -> None:
    deep, shallow = held(0.9, 0.1, 0.9), held(0.9, 0.7, 0.9, 0.7, 0.9, 0.7, 0.9, 0.7, 0.9)
    one, many = audit([deep], PRICE), audit([shallow], PRICE)
    assert one.full_cycles == pytest.approx(many.full_cycles)
    assert one.cost > 3 * many.cost


def test_nobody_wears_nothing() -> None:
    found = audit([], PRICE)
    assert (found.full_cycles, found.cost, found.cycles.sum()) == (0.0, 0.0, 0.0)
