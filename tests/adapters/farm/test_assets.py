"""The simulated assets: physics of each, and the book of what they did."""

from datetime import timedelta
from math import nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.farm.assets import ElectrolyserPlant, FlexiblePlant, PvPlant
from adapters.farm.uncontrolled import uncontrolled
from adapters.farm.virtual import VirtualFarm
from tests.adapters.farm.stations import START, always, outlet, station
from v2g.assets import HYDROGEN_KWH_PER_KG, Electrolyser, FlexibleLoad
from v2g.setpoint import Applied, Rejected, Setpoint
from v2g.site import PvArray, Site

H2 = Electrolyser(
    asset_id="H2",
    circuit_id="main",
    charge_max_kw=100.0,
    charge_min_kw=20.0,
    efficiency=0.6,
    ramp_kw_per_h=200.0,
    target_kg_per_day=12,
)
COLD = FlexibleLoad(
    asset_id="cold", circuit_id="main", flex_up_kw=8.0, flex_down_kw=6.0, band_kwh=10.0, efficiency=0.9, drain_kw=0.45
)
ROOF = PvArray(pv_id="roof", circuit_id="main", peak_kw=30.0, latitude_deg=50.0, longitude_deg=8.0, curtailable=True)
MINUTE_H = 1 / 60


def test_an_electrolyser_ramps_keeps_its_minimum_and_makes_hydrogen_at_its_efficiency() -> None:
    plant = ElectrolyserPlant(H2)
    plant.step(100.0, 0.25, 0.0)
    assert plant.power_kw == 50.0
    plant.step(100.0, 0.25, 0.0)
    before = plant.stored_kwh or 0.0
    plant.step(130.0, 0.5, 0.0)
    assert plant.power_kw == 100.0
    assert (plant.stored_kwh or 0.0) - before == pytest.approx(0.5 * 100.0 * 0.6)
    for order in (19.0, nan):
        plant.step(order, 1.0, 0.0)
        assert plant.power_kw == 0.0
        plant.step(60.0, 1.0, 0.0)
    plant.end_day()
    assert plant.stored_kwh == 0.0


def test_nobodys_plan_runs_an_electrolyser_flat_for_its_target() -> None:
    plant = ElectrolyserPlant(H2)
    for _ in range(24):
        plant.step(plant.usual_kw(1.0), 1.0, 0.0)
    assert plant.stored_kwh == pytest.approx(12 * HYDROGEN_KWH_PER_KG, rel=0.02)


def test_a_flexible_load_loses_by_its_efficiency_and_its_drain_and_left_alone_stays_where_it_is() -> None:
    plant = FlexiblePlant(COLD)
    plant.step(5.0, 1.0, 0.0)
    assert plant.stored_kwh == pytest.approx(5.0 * 0.9 - 0.45)
    plant.step(-6.0, 0.5, 0.0)
    assert plant.stored_kwh == pytest.approx(4.05 - 3.0 - 0.225)
    plant.step(nan, 2.0, 0.0)
    assert (plant.power_kw, plant.stored_kwh) == pytest.approx((0.5, 0.825))


@given(st.lists(st.floats(-20, 20), max_size=30), st.floats(0.01, 3.0))
def test_whatever_it_is_told_a_flexible_load_stays_in_its_band(orders: list[float], step_h: float) -> None:
    plant = FlexiblePlant(COLD)
    for order in orders:
        plant.step(order, step_h, 0.0)
        assert abs(plant.stored_kwh or 0.0) <= 10.0 + 1e-9


@pytest.mark.parametrize(("order", "held_back"), [(nan, 0.0), (-30.0, 0.0), (-20.0, 5.0), (0.0, 25.0)])
def test_a_pv_inverter_produces_no_more_than_it_is_let(order: float, held_back: float) -> None:
    plant = PvPlant(ROOF)
    plant.step(order, MINUTE_H, 25.0)
    assert (plant.power_kw, plant.possible_kw) == (held_back, 25.0)


def site() -> Site:
    return station(outlet(), assets=(H2, COLD), pv=(ROOF,))


async def test_the_farm_tells_and_obeys_and_its_books_close() -> None:
    farm = VirtualFarm(site(), (), start=START, load_kw=always(20.0), pv_kw=always(25.0))
    until = START + timedelta(hours=1)
    orders = {"H2": 60.0, "cold": -4.0, "roof": -10.0}
    outcomes = await farm.apply([Setpoint(unit_id=name, power_kw=kw, valid_until=until) for name, kw in orders.items()])
    assert all(isinstance(outcome, Applied) for outcome in outcomes)
    (refused,) = await farm.apply([Setpoint(unit_id="H2", power_kw=-1.0, valid_until=until)])
    assert isinstance(refused, Rejected)
    seen = await farm.observe(until - timedelta(seconds=1))
    h2, cold, roof = seen.assets
    powers = [s.power_kw.value for s in (h2, cold, roof) if s.power_kw]
    assert powers == pytest.approx([60.0, -4.0, -10.0])
    assert (h2.acknowledged_kw, h2.lease_until) == (60.0, until)
    assert seen.site_power_kw is not None
    assert seen.pv_kw is not None
    assert seen.site_power_kw.value == pytest.approx(20.0 + sum(powers))
    assert seen.pv_kw.value == 25.0
    await farm.observe(START + timedelta(hours=2))
    outcome = farm.outcome()
    did = {a.asset_id: a for a in outcome.assets}
    assert did["roof"].drawn_kwh == pytest.approx(15.0)
    assert did["cold"].given_kwh == pytest.approx(4.0)
    assert did["cold"].lowest_kwh == pytest.approx(-4.45)
    net_kwh = (20.0 - 25.0) * 2.0 + sum(a.drawn_kwh - a.given_kwh for a in outcome.assets)
    assert (outcome.import_kw - outcome.export_kw) @ outcome.covered_h == pytest.approx(net_kwh)


def test_a_day_ends_at_the_sites_midnight() -> None:
    plain = station(outlet(), assets=(H2,))
    done = uncontrolled(plain, (), start=START, end=START + timedelta(days=2), load_kw=always(0.0), pv_kw=always(0.0))
    (h2,) = done.assets
    assert sum(day.hours_h for day in h2.days) == pytest.approx(48.0)
    made = np.array([day.stored_kwh / day.hours_h for day in h2.days if day.hours_h > 1.0])
    assert made == pytest.approx(np.full(len(made), made[-1]), rel=0.05)
