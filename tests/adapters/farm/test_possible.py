import numpy as np
import pytest

from adapters.farm.fleet import Fleet
from adapters.farm.possible import possible_kwh
from tests.adapters.farm.stations import outlet, station, stay


@pytest.mark.parametrize("soc_frac", [0.1, 0.6, 0.84, 0.9, 0.999, 1.0])
@pytest.mark.parametrize("hours_h", [0.0, 0.5, 2.0, 4.0, 9.0])
def test_the_closed_form_agrees_with_fine_integration(soc_frac: float, hours_h: float) -> None:
    visit = stay(soc_frac=soc_frac, energy_kwh=60.0 * (1.0 - soc_frac))
    fleet = Fleet(station())
    fleet.plug(0, visit)
    for _ in range(round(hours_h * 720)):
        fleet.step(np.array([11.04]), 5.0)
    assert possible_kwh(visit, outlet(), hours_h * 3600.0) == pytest.approx(fleet.stored_kwh[0], abs=0.03)


def test_a_weak_outlet_bounds_it() -> None:
    losses = 0.05 * 3.7
    assert possible_kwh(stay(), outlet(charge_max_kw=3.7), 3600.0) == pytest.approx(30.0 + 3.7 - losses)
