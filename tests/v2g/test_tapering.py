from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.farm import physics
from tests.support.builders import a_session
from v2g.session import ChargingSession
from v2g.tapering import LOSS_MARGIN_FRAC, tapering, told_taper_frac
from v2g.unit import Converter


def told(taper_from_frac: float | None, soc_frac: float | None = 0.5) -> ChargingSession:
    """Return a 60 kWh car."""
    session = a_session("E0", soc_frac=soc_frac)
    return replace(session, vehicle=replace(session.vehicle, taper_from_frac=taper_from_frac))


@given(st.floats(0.0, 1.0), st.floats(0.3, 0.95))
def test_the_plans_taper_bounds_the_farms_and_is_near_it(soc: float, begins: float) -> None:
    converter = tapering(told(begins), 10.0, 0.85)
    planned_kw = min(converter.taper_per_h * (converter.taper_full_kwh - soc * 60.0), 10.0)
    true_kw = 10.0 * float(physics.taper_frac(np.array(soc), np.array(begins)))
    assert true_kw - 1e-9 <= planned_kw <= true_kw + 0.5 + 1e-9


@given(st.floats(0.0, 1.0), st.floats(0.3, 0.95))
def test_no_car_is_told_less_than_it_draws(soc: float, begins: float) -> None:
    ceiling_kw = 480.0 * told_taper_frac(told(begins, soc))
    losses = physics.losses_of(np.array(0.96), np.array(480.0))
    full_kw = physics.battery_kw(np.array(480.0), losses, losses)
    draws_kw = physics.ac_kw_to_charge(full_kw * physics.taper_frac(np.array(soc), np.array(begins)), losses)
    assert float(draws_kw) <= ceiling_kw + 1e-6
    assert ceiling_kw <= 480.0 * (float(physics.taper_frac(np.array(soc), np.array(begins))) + 0.05 + LOSS_MARGIN_FRAC) + 1e-9


def test_the_rule_speaks_for_a_car_that_does_not_and_nobody_for_one_of_unknown_charge() -> None:
    assert tapering(told(None), 10.0, 0.85) == tapering(told(0.85), 10.0, 0.6)
    assert tapering(told(0.8, soc_frac=None), 10.0, 0.85) == Converter()
    assert tapering(told(None), 10.0, 1.0) == Converter()
    assert told_taper_frac(told(None, 0.99)) == told_taper_frac(told(0.8, None)) == 1.0


def test_at_the_beginning_of_the_taper_the_power_is_still_full() -> None:
    converter = tapering(told(0.7), 10.0, 0.85)
    assert converter.taper_per_h * (converter.taper_full_kwh - 0.7 * 60.0) == pytest.approx(10.0)
