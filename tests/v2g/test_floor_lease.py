"""A discharge ends above the car's floor by its own lease: also if nobody says a word after it was sent."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import NOW, a_session, a_site, an_observation, an_outlook
from v2g.limits import limits_now
from v2g.observation import Observation
from v2g.projection import project
from v2g.setpoint import Setpoint

CAPACITY_KWH, FLOOR_KWH, EFFICIENCY = 60.0, 12.0, 0.95
LEASE = timedelta(minutes=15)
SITE = a_site(1)


def told(observation: Observation, power_kw: float) -> Setpoint:
    (setpoint,) = project({"E0": power_kw}, (), limits_now(SITE, observation, an_outlook(SITE), ()), observation.at + LEASE, {})
    return setpoint


def seen(stored_kwh: float, *, age_s: float = 0.0) -> Observation:
    session = replace(a_session("E0", soc_frac=stored_kwh / CAPACITY_KWH), soc_at=NOW - timedelta(seconds=age_s))
    return an_observation(SITE, E0=session)


@given(st.floats(0.0, 60.0), st.floats(0.0, 600.0), st.floats(0.0, 11.0), st.floats(0.1, 11.0))
def test_what_a_lease_can_take_never_reaches_below_the_floor(
    stored: float, age_s: float, before_kw: float, asked_kw: float
) -> None:
    setpoint = told(seen(stored, age_s=age_s), -asked_kw)
    given_kwh = before_kw * age_s / 3600 - setpoint.power_kw * (setpoint.valid_until - NOW) / timedelta(hours=1)
    assert setpoint.power_kw == 0.0 or stored - given_kwh / EFFICIENCY >= FLOOR_KWH - 1e-6
    assert setpoint.valid_until <= NOW + LEASE


def test_far_above_the_floor_the_whole_lease_is_given() -> None:
    assert told(seen(40.0), -11.0).valid_until == NOW + LEASE


def test_near_the_floor_the_lease_is_as_long_as_the_energy_lasts() -> None:
    setpoint = told(seen(FLOOR_KWH + 1.25), -5.0)  # 1 kWh is left beside the margin
    assert setpoint.power_kw == -5.0
    assert (setpoint.valid_until - NOW) / timedelta(hours=1) == pytest.approx(1.0 * EFFICIENCY / 5.0)


def test_too_little_for_a_minute_is_given_at_less_power_and_nothing_below_the_margin() -> None:
    assert told(seen(FLOOR_KWH + 0.30), -11.0).power_kw == pytest.approx(-0.05 * EFFICIENCY * 60.0)
    assert told(seen(FLOOR_KWH + 0.25), -11.0).power_kw == 0.0


def test_charging_keeps_its_lease() -> None:
    assert told(seen(FLOOR_KWH), 5.0).valid_until == NOW + LEASE
