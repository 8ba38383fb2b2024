import pytest
from hypothesis import given
from hypothesis import strategies as st

from v2g import units


@given(st.floats(-1e4, 1e4), st.floats(50, 1000), st.integers(1, 3))
def test_power_and_current_round_trip(power_kw: float, voltage_v: float, phases: int) -> None:
    current_a = units.a_from_kw(power_kw, voltage_v=voltage_v, phases=phases)
    assert units.kw_from_a(current_a, voltage_v=voltage_v, phases=phases) == pytest.approx(power_kw)


def test_six_amperes_on_three_phases() -> None:
    assert units.kw_from_a(6.0, voltage_v=230.0, phases=3) == pytest.approx(4.14)


@given(st.floats(-1e9, 1e9))
def test_kilo_round_trips(value: float) -> None:
    assert units.w_from_kw(units.kw_from_w(value)) == pytest.approx(value)
    assert units.wh_from_kwh(units.kwh_from_wh(value)) == pytest.approx(value)
