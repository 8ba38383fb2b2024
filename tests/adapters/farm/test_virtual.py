from datetime import timedelta

import numpy as np
import pytest

from adapters.farm.arrivals import WORKPLACE, daily_visits
from adapters.farm.outcome import Outcome
from adapters.farm.surroundings import StepSeries
from adapters.farm.virtual import VirtualFarm
from adapters.farm.visit import Visit
from tests.adapters.farm.stations import START, always, outlet, station, stay, v2g_stay
from v2g.ports import Gateway
from v2g.setpoint import Applied, Rejected, Setpoint
from v2g.site import Battery, Site

BATTERY = Battery(battery_id="B1", circuit_id="main", capacity_kwh=50.0, charge_max_kw=20.0, discharge_max_kw=20.0)


def farm(*visits: Visit, site: Site | None = None, load_kw: float = 30.0, pv_kw: float = 10.0) -> VirtualFarm:
    return VirtualFarm(site or station(), visits, start=START, load_kw=always(load_kw), pv_kw=always(pv_kw))


def setpoint(power_kw: float, unit_id: str = "A", minutes: float = 15.0) -> Setpoint:
    return Setpoint(unit_id=unit_id, power_kw=power_kw, valid_until=START + timedelta(minutes=minutes))


async def test_it_shows_the_session_with_what_driver_and_car_tell() -> None:
    visit = v2g_stay(stated_departure=START + timedelta(hours=5))
    gateway: Gateway = farm(visit)
    observation = await gateway.observe(START)
    (state,) = observation.evses
    assert state.session is not None
    assert state.session.wishes == visit.wishes
    assert state.session.vehicle.capacity_kwh == 60.0
    assert state.session.soc_frac == pytest.approx(0.5)
    assert state.session.plugged_in_at == START
    assert observation.site_power_kw is not None
    assert observation.site_power_kw.value == pytest.approx(20.0)


async def test_setpoints_move_power_meters_and_registers() -> None:
    station_farm = farm(v2g_stay(energy_kwh=0.0), site=station(batteries=(BATTERY,)))
    outcomes = await station_farm.apply([setpoint(-6.0), setpoint(12.0, "B1")])
    assert all(isinstance(o, Applied) for o in outcomes)
    observation = await station_farm.observe(START + timedelta(minutes=10))
    (state,), (battery,) = observation.evses, observation.batteries
    assert state.power_kw is not None
    assert state.power_kw.value == pytest.approx(-6.0)
    assert state.acknowledged_kw == -6.0
    assert state.session is not None
    assert state.session.discharged_kwh == pytest.approx(1.0, abs=0.02)
    assert battery.power_kw is not None
    assert battery.power_kw.value == pytest.approx(12.0)
    assert observation.site_power_kw is not None
    assert observation.site_power_kw.value == pytest.approx(20.0 - 6.0 + 12.0)


async def test_a_lease_that_ends_means_the_fallback_and_no_discharge() -> None:
    station_farm = farm(v2g_stay(), site=station(outlet(fallback_kw=4.14)))
    await station_farm.apply([setpoint(-6.0, minutes=5.0)])
    (state,) = (await station_farm.observe(START + timedelta(minutes=20))).evses
    assert state.acknowledged_kw is None
    assert state.lease_until == START + timedelta(minutes=5)
    assert state.power_kw is not None
    assert state.power_kw.value == pytest.approx(4.14)


async def test_a_discharge_setpoint_does_not_outlive_its_car() -> None:
    station_farm = farm(v2g_stay(hours_h=0.1), v2g_stay(after_h=0.11))
    await station_farm.apply([setpoint(-6.0, minutes=60.0)])
    (state,) = (await station_farm.observe(START + timedelta(minutes=30))).evses
    assert state.session is not None
    assert state.session.discharged_kwh == 0.0
    assert station_farm.outcome().energy_discharged_kwh > 0.0


async def test_what_a_charger_would_refuse_is_refused_and_changes_nothing() -> None:
    station_farm = farm(stay())
    bad = [setpoint(5.0, "Z"), setpoint(float("nan")), setpoint(5.0, minutes=0.0), setpoint(-1.0)]
    outcomes = await station_farm.apply(bad)
    assert [o.reason for o in outcomes if isinstance(o, Rejected)] == [
        "no such unit",
        "not a finite power",
        "expired",
        "cannot discharge",
    ]
    (state,) = (await station_farm.observe(START)).evses
    assert state.acknowledged_kw is None


async def test_session_registers_start_anew_with_each_car() -> None:
    station_farm = farm(stay(hours_h=1.0), stay(after_h=1.5))
    await station_farm.apply([setpoint(11.0, minutes=60.0)])
    (state,) = (await station_farm.observe(START + timedelta(hours=1.6))).evses
    assert state.session is not None
    assert state.session.charged_kwh == 0.0


def test_the_next_plug_event_is_told() -> None:
    station_farm = farm(stay(after_h=0.25, hours_h=1.0))
    assert station_farm.next_event() == START + timedelta(hours=0.25)
    station_farm.advance_to(START + timedelta(hours=0.25))
    assert station_farm.next_event() == START + timedelta(hours=1.25)


async def test_the_same_seed_gives_the_same_run_and_another_does_not() -> None:
    def run(seed: int) -> Outcome:
        site = station(*(outlet(f"E{i}") for i in range(12)))
        visits = daily_visits(site, WORKPLACE, start=START, days=2, seed=seed)
        load = StepSeries(start=START, step_s=900.0, values=np.linspace(10.0, 40.0, 192))
        one = VirtualFarm(site, visits, start=START, load_kw=load, pv_kw=always(0.0))
        one.advance_to(START + timedelta(days=2))
        return one.outcome()

    first, again, other = run(1), run(1), run(2)
    assert first.visits == again.visits
    assert (first.import_kw == again.import_kw).all()
    assert first.visits != other.visits
