import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.farm.fleet import RAMP_S, Fleet
from adapters.farm.physics import SLACK_KW
from adapters.farm.visit import BMS_FLOOR_FRAC, Visit
from tests.adapters.farm.stations import outlet, station, stay, v2g_stay
from v2g.site import Battery, Evse


def fleet_with(visit: Visit) -> Fleet:
    fleet = Fleet(station())
    fleet.plug(0, visit)
    return fleet


def run(fleet: Fleet, ceiling_kw: float, hours_h: float, step_s: float = 10.0) -> None:
    for _ in range(round(hours_h * 3600.0 / step_s)):
        fleet.step(np.full(len(fleet.unit_ids), ceiling_kw), step_s)


def quadratic_loss_kw(power_kw: float, rated_kw: float = 11.04, efficiency: float = 0.95) -> float:
    u = abs(power_kw) / rated_kw
    return (1.0 - efficiency) * rated_kw * (0.16 + 0.50 * u + 0.34 * u * u) if u > 0.0 else 0.0


ceilings = st.lists(st.floats(-15.0, 15.0), min_size=1, max_size=40)


@settings(max_examples=60)
@given(ceilings, st.sampled_from([1.0, 7.0, 10.0, 60.0]), st.floats(0.1, 1.0))
def test_energy_is_conserved_and_no_bound_is_passed(steps: list[float], step_s: float, soc_frac: float) -> None:
    fleet = fleet_with(v2g_stay(soc_frac=soc_frac, energy_kwh=0.0))
    before_kwh, lost_kwh = float(fleet.stored_kwh[0]), 0.0
    for ceiling_kw in steps:
        fleet.step(np.array([ceiling_kw]), step_s)
        power_kw = float(fleet.power_kw[0])
        lost_kwh += quadratic_loss_kw(power_kw) * step_s / 3600.0
        assert min(ceiling_kw, 0.0) - 1e-9 <= power_kw <= max(ceiling_kw, 0.0) + 1e-9
        assert -11.04 - 1e-9 <= power_kw <= 11.04 + 1e-9
        assert power_kw <= 0.0 or ceiling_kw >= 4.14 - SLACK_KW
        assert BMS_FLOOR_FRAC * 60.0 - 1e-9 <= fleet.stored_kwh[0] <= 60.0 + 1e-9
    metered_kwh = float(fleet.imported_kwh[0] - fleet.exported_kwh[0])
    assert metered_kwh - lost_kwh == pytest.approx(fleet.stored_kwh[0] - before_kwh, abs=1e-9)


def test_a_round_trip_loses_what_two_conversions_lose() -> None:
    fleet = fleet_with(v2g_stay(energy_kwh=0.0))
    run(fleet, 11.04, 1.0)
    taken_kwh = float(fleet.imported_kwh[0])
    while fleet.stored_kwh[0] > 30.0:
        fleet.step(np.array([-11.04]), 10.0)
    assert fleet.exported_kwh[0] / taken_kwh == pytest.approx(0.95 / 1.05, abs=0.005)


def test_finer_steps_converge() -> None:
    stored = []
    for step_s in (60.0, 30.0, 10.0, 1.0):
        fleet = fleet_with(stay(energy_kwh=30.0))
        run(fleet, 11.04, 2.8, step_s)
        stored.append(float(fleet.stored_kwh[0]))
    errors = np.abs(np.array(stored[:-1]) - stored[-1])
    assert errors[0] > errors[1] > errors[2]
    assert errors[0] < 0.05


def test_power_falls_monotonically_in_the_taper_and_the_car_ends_full() -> None:
    fleet = fleet_with(stay(soc_frac=0.8, energy_kwh=12.0))
    powers = []
    for _ in range(600):
        fleet.step(np.array([11.04]), 60.0)
        powers.append(float(fleet.power_kw[0]))
    assert (np.diff(powers) <= 1e-9).all()
    assert fleet.stored_kwh[0] == pytest.approx(60.0, abs=1e-6)
    assert powers[-1] == 0.0


def test_a_car_ends_at_the_limit_its_driver_set() -> None:
    fleet = fleet_with(stay(energy_kwh=5.0))
    run(fleet, 11.04, 2.0)
    assert fleet.stored_kwh[0] == pytest.approx(35.0, abs=1e-6)
    assert fleet.running_kw[0] == 0.0


def test_discharge_ends_at_the_battery_managements_floor() -> None:
    fleet = fleet_with(v2g_stay(soc_frac=0.2, energy_kwh=0.0))
    run(fleet, -11.04, 2.0)
    assert fleet.soc_frac[0] == pytest.approx(BMS_FLOOR_FRAC, abs=1e-6)
    assert fleet.running_kw[0] == 0.0


@pytest.mark.parametrize(
    ("evse", "visit"), [(outlet(discharge_max_kw=0.0), v2g_stay()), (outlet(), stay())], ids=["outlet cannot", "car cannot"]
)
def test_discharge_needs_a_car_and_an_outlet_that_can(evse: Evse, visit: Visit) -> None:
    fleet = Fleet(station(evse))
    fleet.plug(0, visit)
    run(fleet, -11.04, 0.1)
    assert fleet.power_kw[0] == 0.0


def test_a_paused_car_wakes_late_and_steps_of_any_length_agree_on_when() -> None:
    energies = []
    for step_s in (1.0, 10.0, 60.0):
        fleet = fleet_with(stay(wake_s=25.0))
        run(fleet, 11.04, 120.0 / 3600.0, step_s)
        energies.append(float(fleet.imported_kwh[0]))
    assert energies == pytest.approx([11.04 * 95.0 / 3600.0] * 3, rel=0.06)


def test_power_rises_in_a_ramp_and_falls_at_once() -> None:
    fleet = fleet_with(stay())
    fleet.step(np.array([11.04]), RAMP_S / 2.0)
    assert fleet.running_kw[0] == pytest.approx(11.04 / 2.0)
    fleet.step(np.array([11.04]), RAMP_S)
    assert fleet.running_kw[0] == pytest.approx(11.04)
    fleet.step(np.array([5.0]), 1.0)
    assert fleet.running_kw[0] == pytest.approx(5.0)


def test_many_cars_behave_as_each_alone() -> None:
    visits = [v2g_stay(f"E{i}", soc_frac=0.2 + 0.07 * i, energy_kwh=0.0, capacity_kwh=40.0 + 5.0 * i) for i in range(10)]
    together = Fleet(station(*(outlet(v.evse_id) for v in visits)))
    ceiling_kw = np.linspace(-11.0, 11.0, 10)
    for unit, visit in enumerate(visits):
        together.plug(unit, visit)
    for _ in range(120):
        together.step(ceiling_kw, 60.0)
    for unit, visit in enumerate(visits):
        alone = fleet_with(visit)
        run(alone, float(ceiling_kw[unit]), 2.0, 60.0)
        assert together.stored_kwh[unit] == alone.stored_kwh[0]


def test_an_unplugged_outlet_draws_nothing_and_keeps_its_register() -> None:
    fleet = fleet_with(stay())
    run(fleet, 11.04, 0.5)
    register_kwh = float(fleet.imported_kwh[0])
    assert fleet.unplug(0) > 30.0
    run(fleet, 11.04, 0.5)
    assert fleet.running_kw[0] == 0.0
    assert fleet.imported_kwh[0] == register_kwh


def test_a_stationary_battery_keeps_its_bounds_and_does_not_taper() -> None:
    battery = Battery(battery_id="B", circuit_id="main", capacity_kwh=100.0, charge_max_kw=50.0, discharge_max_kw=50.0)
    fleet = Fleet(station(batteries=(battery,)), battery_soc_frac=0.9)
    run(fleet, 50.0, 1.0 / 60.0, 60.0)
    assert fleet.running_kw[1] == pytest.approx(50.0)
    run(fleet, 50.0, 1.0, 60.0)
    assert fleet.soc_frac[1] == pytest.approx(0.95)
    run(fleet, -50.0, 2.0, 60.0)
    assert fleet.soc_frac[1] == pytest.approx(0.1)
