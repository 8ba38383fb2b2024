"""The least that cars charge near now: what the charger holds, or what is left to take."""

from dataclasses import replace
from math import exp, inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.optimizer.builders import car, case, fleet_of
from v2g.converters import Converters
from v2g.holding import least_charge_kw
from v2g.problem import Problem
from v2g.storages import Storages

LEAST_KW = 4.0


def tapering(storages: Storages, full_kwh: float, per_h: float) -> Storages:
    """Return cars that all take at most ``per_h·(full_kwh − energy)``."""
    n = len(storages.unit_ids)
    taper = replace(Converters.ideal(n), taper_full_kwh=np.full(n, full_kwh), taper_per_h=np.full(n, per_h))
    return replace(storages, converters=taper)


def plugged_in(energy_kwh: float, full_kwh: float = 51.0, per_h: float = 2.0, **changes: float) -> Problem:
    storages = car(8, charge_min_kw=LEAST_KW, initial_energy_kwh=energy_kwh, **changes)
    return case(tapering(storages, full_kwh, per_h), step_h=0.25)


def test_a_battery_that_takes_less_than_the_charger_holds_is_charged_as_it_takes() -> None:
    takes_kw = 1.5 * (1 - exp(-0.5)) / 0.25
    least = least_charge_kw(plugged_in(49.5, energy_max_kwh=51.0))
    assert takes_kw < LEAST_KW
    assert least[0] == pytest.approx([takes_kw, takes_kw * exp(-0.5)])


def test_what_is_lost_on_the_way_is_drawn_too() -> None:
    takes_kw = 1.5 * (1 - exp(-0.5)) / 0.25
    least = least_charge_kw(plugged_in(49.5, energy_max_kwh=51.0, charge_efficiency=0.8))
    assert least[0, 0] == pytest.approx(takes_kw / 0.8)


def test_a_car_that_is_not_so_full_holds_the_charger_s_least() -> None:
    assert least_charge_kw(plugged_in(30.0))[0] == pytest.approx([LEAST_KW] * 2)
    assert least_charge_kw(plugged_in(30.0, inf, inf))[0] == pytest.approx([LEAST_KW] * 2)


def test_who_fills_up_before_the_taper_tells_takes_what_is_missing() -> None:
    assert least_charge_kw(plugged_in(49.9))[0, 0] == pytest.approx(0.1 / 0.25)


def test_a_battery_beyond_its_full_takes_nothing_whatever_it_is_offered() -> None:
    assert least_charge_kw(plugged_in(49.5, full_kwh=49.0))[0] == pytest.approx([LEAST_KW] * 2)


def test_a_taper_without_time_takes_all_at_once() -> None:
    least = least_charge_kw(plugged_in(50.5, energy_max_kwh=60.0, per_h=inf))
    assert least[0] == pytest.approx([0.5 / 0.25, LEAST_KW])


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    energy_kwh=st.floats(40.0, 50.5),
    per_h=st.floats(0.3, 20.0),
    charged_frac=st.floats(0.0, 1.0),
    efficiency=st.floats(0.7, 1.0),
)
def test_whatever_was_charged_before_there_is_a_power_that_can_be_held(
    energy_kwh: float, per_h: float, charged_frac: float, efficiency: float
) -> None:
    full_kwh, h = 51.0, 0.25
    problem = plugged_in(energy_kwh, full_kwh, per_h, charge_efficiency=efficiency, energy_max_kwh=60.0)
    least = least_charge_kw(problem)[0]
    takes_kw = (full_kwh - energy_kwh) * (1 - exp(-per_h * h)) / (h * efficiency)
    assert least[0] == pytest.approx(min(LEAST_KW, takes_kw))
    after_kwh = energy_kwh + charged_frac * takes_kw * h * efficiency
    assert least[1] <= (full_kwh - after_kwh) * (1 - exp(-per_h * h)) / (h * efficiency) + 1e-9


def test_each_car_has_its_own() -> None:
    full, half = (car(8, charge_min_kw=LEAST_KW, initial_energy_kwh=kwh) for kwh in (49.5, 20.0))
    least = least_charge_kw(case(tapering(fleet_of(full, half), 51.0, 2.0), step_h=0.25))
    assert least[:, 0] == pytest.approx([0.5 / 0.25, LEAST_KW])
