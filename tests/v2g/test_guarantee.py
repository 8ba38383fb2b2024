from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import NOW
from v2g.guarantee import reached_probability
from v2g.outlook import LEVELS, Departure
from v2g.timegrid import TimeGrid

GRID = TimeGrid.uniform(NOW, step_h=1.0, n_steps=10)


def leaving(*hours: float) -> Departure:
    return Departure(session_id="S", quantiles=tuple(NOW + timedelta(hours=h) for h in hours), source="test")


def probability(energy_kwh: list[float], target_kwh: float, departure: Departure, initial_kwh: float = 0.0) -> float:
    return reached_probability(GRID, np.array(energy_kwh), initial_kwh=initial_kwh, target_kwh=target_kwh, departure=departure)


UNIFORM = leaving(*(10 * level for level in LEVELS))
"""Leaves at any instant of the ten hours alike, but for the last twentieth, that stays until 9.5 h at least."""


@pytest.mark.parametrize("reached_h", [1.0, 2.5, 6.0, 9.0])
def test_a_car_that_leaves_at_any_time_alike_has_its_target_from_when_it_is_reached(reached_h: float) -> None:
    energy = [10.0 * h / reached_h for h in range(1, 11)]
    assert probability(energy, 10.0, UNIFORM) == pytest.approx(1 - reached_h / 10, abs=1e-6)


def test_a_target_that_is_given_back_is_there_only_meanwhile() -> None:
    energy = [5.0, 10.0, 10.0, 10.0, 5.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    assert probability(energy, 10.0, UNIFORM) == pytest.approx(0.2, abs=1e-6)
    assert probability(energy, 5.0, UNIFORM) == pytest.approx(0.4, abs=1e-6)


def test_what_is_in_the_car_already_is_certain_and_what_never_comes_is_not() -> None:
    assert probability([20.0] * 10, 20.0, UNIFORM, initial_kwh=20.0) == pytest.approx(1.0)
    assert probability([20.0] * 10, 21.0, UNIFORM, initial_kwh=20.0) == 0.0


def test_a_departure_in_the_past_is_now_and_beyond_the_plan_its_last_energy_counts() -> None:
    full_after_an_hour = [10.0] * 10
    assert probability(full_after_an_hour, 10.0, leaving(-3, -2, -1, -0.5, 2, 3, 4)) == pytest.approx(
        (0.75 - 0.5) * 0.5 + 0.25, abs=1e-6
    )
    assert probability(full_after_an_hour, 10.0, leaving(*[30.0] * 7)) == pytest.approx(0.95 + 0.05 * 29 / 30, abs=1e-6)


@given(st.lists(st.floats(0, 50), min_size=10, max_size=10), st.lists(st.floats(-2, 14), min_size=7, max_size=7), st.floats(1, 49))
def test_it_agrees_with_a_count_of_departures(energy: list[float], hours: list[float], target_kwh: float) -> None:
    departure = leaving(*sorted(hours))
    leaves_h = np.maximum.accumulate([0.0, *(max(h, 0.0) for h in sorted(hours))])
    draws = (np.arange(100_000) + 0.5) / 100_000
    at_h = np.interp(np.minimum(draws, LEVELS[-1]), (0.0, *LEVELS), leaves_h)
    stored = np.interp(at_h, GRID.edges_h, [3.0, *energy])
    assert probability(energy, target_kwh, departure, initial_kwh=3.0) == pytest.approx((stored >= target_kwh).mean(), abs=2e-3)
