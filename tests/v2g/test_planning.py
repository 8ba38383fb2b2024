"""What is told to units: what they can hold, in whole steps."""

from dataclasses import replace
from math import exp

import numpy as np
import pytest

from tests.optimizer.builders import car, case, fleet_of
from tests.v2g.test_holding import tapering
from v2g.converters import Converters
from v2g.planning import _quantise


def test_a_car_that_fills_up_is_told_the_least_it_can_hold() -> None:
    almost, half = car(2, charge_min_kw=4.0, initial_energy_kwh=49.0), car(2, charge_min_kw=4.0)
    problem = case(fleet_of(almost, half, half, half))
    assert _quantise(problem, np.array([1.0, 0.01, 7.3, 1.0])) == pytest.approx([4.0, 0.0, 7.3, 0.0])


def test_a_car_in_its_taper_is_told_the_least_it_can_hold_and_draws_what_it_takes() -> None:
    cars = tapering(fleet_of(*[car(2, charge_min_kw=4.0, initial_energy_kwh=kwh) for kwh in (48.5, 48.5, 20.0)]), 50.5, 1.0)
    takes_kw = 2.0 * (1 - exp(-1.0))
    assert _quantise(case(cars), np.array([takes_kw, 0.5, takes_kw])) == pytest.approx([4.0, 0.0, 0.0])


def test_powers_are_cut_to_whole_steps_in_both_directions() -> None:
    problem = case(fleet_of(*[car(2)] * 4))
    converters = replace(Converters.ideal(4), power_step_kw=np.array([0.7, 0.7, 0.7, 0.0]))
    problem = replace(problem, storages=replace(problem.storages, converters=converters))
    assert _quantise(problem, np.array([1.5, -1.5, 1.4, 1.23])) == pytest.approx([1.4, -1.4, 1.4, 1.23])
