"""The assets as storages, in closed form, and what they may do now."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import NOW, a_site, an_observation, an_outlook
from v2g.assets import HYDROGEN_KWH_PER_KG, Electrolyser, FlexibleLoad
from v2g.bounds import uncontrolled_bounds_kw, unit_bounds
from v2g.limits import limits_now
from v2g.localday import last_midnight, next_midnight
from v2g.observation import AssetState, Reading
from v2g.outlook import LEVELS
from v2g.record import Memory
from v2g.site import PvArray
from v2g.stating.curtailment import SPARING_PER_KWH, curtailment_unit
from v2g.stating.electrolysers import electrolyser_unit
from v2g.stating.flexible_loads import flexible_unit
from v2g.stating.problem import make_problem
from v2g.storages import StorageKind
from v2g.timegrid import TimeGrid

H2 = Electrolyser(
    asset_id="H2",
    circuit_id="grid",
    charge_max_kw=100.0,
    charge_min_kw=20.0,
    efficiency=0.6,
    ramp_kw_per_h=50.0,
    target_kg_per_day=12.0,
)
COLD = FlexibleLoad(asset_id="cold", circuit_id="grid", flex_up_kw=8.0, flex_down_kw=6.0, band_kwh=10.0, drain_kw=0.5)
ROOF = PvArray(pv_id="roof", circuit_id="grid", peak_kw=30.0, latitude_deg=50.0, longitude_deg=8.0, curtailable=True)
SHED = replace(ROOF, pv_id="shed", peak_kw=10.0, curtailable=False)
GRID = TimeGrid.uniform(NOW, step_h=1.0, n_steps=10)
TARGET_KWH = 12.0 * HYDROGEN_KWH_PER_KG


def told(asset_id: str, stored_kwh: float | None = 0.0, **changes: object) -> AssetState:
    stored = None if stored_kwh is None else Reading(value=stored_kwh, at=NOW)
    state = AssetState(asset_id=asset_id, online=True, stored_kwh=stored, power_kw=Reading(value=0.0, at=NOW), acknowledged_kw=0.0)
    return replace(state, **changes)  # type: ignore[arg-type]  # the fields of AssetState


def test_hydrogen_is_due_at_midnight_where_the_horizon_reaches_it() -> None:
    unit = electrolyser_unit(H2, told("H2", 100.0, power_kw=Reading(value=30.0, at=NOW)), GRID, midnight_h=7.5)
    assert unit.target_step == 7
    assert (unit.target_energy_kwh, unit.initial_energy_kwh) == pytest.approx((TARGET_KWH, 100.0))
    assert (unit.charge_min_kw, unit.charge_efficiency, unit.converter.ramp_kw_per_h, unit.converter.in_force_kw) == (
        20,
        0.6,
        50,
        30,
    )
    assert not unit.discharge_max_kw.any()
    assert unit.energy_max_kwh == pytest.approx(100.0 + 100.0 * 0.6 * 10.0)


def test_of_hydrogen_due_beyond_the_horizon_a_part_in_proportion_is_due_at_its_end() -> None:
    unit = electrolyser_unit(H2, told("H2", 100.0), GRID, midnight_h=16.0)
    assert unit.target_step == 10
    assert unit.target_energy_kwh == pytest.approx(100.0 + (TARGET_KWH - 100.0) * 10 / 16)


def test_a_target_that_is_reached_or_not_there_asks_for_no_more() -> None:
    assert electrolyser_unit(H2, told("H2", 500.0), GRID, midnight_h=5.0).target_energy_kwh == 500.0
    free = electrolyser_unit(replace(H2, target_kg_per_day=0.0, ramp_kw_per_h=0.0), told("H2"), GRID, midnight_h=5.0)
    assert (free.target_step, free.converter.ramp_kw_per_h) == (0, np.inf)


def test_what_is_due_before_the_first_step_ends_is_due_at_its_end() -> None:
    assert electrolyser_unit(H2, told("H2"), GRID, midnight_h=0.2).target_step == 1


def test_a_flexible_load_is_a_store_twice_its_band_that_begins_in_the_middle() -> None:
    unit = flexible_unit(COLD, told("cold", -4.0), GRID, midnight_h=6.0, worth_per_kwh=0.3)
    assert (unit.initial_energy_kwh, unit.target_energy_kwh, unit.target_step, unit.terminal_value_per_kwh) == (6, 10, 6, 0.3)
    assert (unit.energy_min_kwh[0], unit.energy_max_kwh[0]) == (0.0, 20.0)
    assert (unit.charge_max_kw[0], unit.discharge_max_kw[0]) == (8.0, 6.0)
    assert unit.drain_kwh == pytest.approx(np.full(10, 0.5))


@given(st.floats(-50, 50))
def test_a_load_outside_its_band_may_stay_where_it_is_but_go_no_further(ahead: float) -> None:
    unit = flexible_unit(COLD, told("cold", ahead), GRID, midnight_h=6.0, worth_per_kwh=0.3)
    assert unit.energy_min_kwh[0] <= unit.initial_energy_kwh <= unit.energy_max_kwh[0]
    assert unit.energy_min_kwh[0] == min(0.0, 10.0 + ahead)
    assert unit.energy_max_kwh[0] == max(20.0, 10.0 + ahead)


def test_curtailment_is_at_most_what_is_expected_and_costs_next_to_nothing() -> None:
    expected = np.array([5.0, -1.0, *[0.0] * 8])
    unit = curtailment_unit(ROOF, expected, GRID)
    assert unit.charge_max_kw == pytest.approx(np.maximum(expected, 0.0))
    assert unit.energy_max_kwh == pytest.approx(5.0)
    assert unit.terminal_value_per_kwh == -SPARING_PER_KWH


def test_only_reachable_assets_that_tell_what_they_hold_are_planned_with() -> None:
    site = a_site(0, assets=(H2, COLD), pv=(ROOF, SHED))
    outlook = replace(an_outlook(site), pv_kw=np.full((len(LEVELS), 14), 20.0))
    states = (told("H2"), told("cold"), told("roof", None))
    seen = replace(an_observation(site), assets=states)
    s = make_problem(site, seen, outlook, (), Memory()).storages
    assert s.unit_ids == ("H2", "cold", "roof")
    assert s.kinds == (StorageKind.ELECTROLYSER, StorageKind.FLEXIBLE_LOAD, StorageKind.PV)
    assert s.charge_max_kw[2] == pytest.approx(np.full(14, 15.0))  # its share of the production, by peak
    for gone in (replace(states[0], online=False), replace(states[0], fault="leak"), replace(states[0], stored_kwh=None)):
        left = make_problem(site, replace(seen, assets=(gone, *states[1:])), outlook, (), Memory())
        assert left.storages.unit_ids == ("cold", "roof")
    assert site.asset_ids == ("H2", "cold", "roof")


@pytest.mark.parametrize(("ahead", "ceiling", "floor"), [(0.0, 8.0, -6.0), (10.0, 0.0, -6.0), (-10.0, 8.0, 0.0)])
def test_at_the_edge_of_its_band_a_load_goes_no_further(ahead: float, ceiling: float, floor: float) -> None:
    site = a_site(0, assets=(COLD,))
    (bounds,) = unit_bounds(site, replace(an_observation(site), assets=(told("cold", ahead),)))
    assert (bounds.ceiling_kw, bounds.floor_kw) == (ceiling, floor)


def test_an_electrolyser_that_confirmed_nothing_counts_at_what_it_draws_and_a_faulty_one_is_told_to_stop() -> None:
    site = a_site(0, assets=(H2,))
    wild = told("H2", acknowledged_kw=None, power_kw=Reading(value=70.0, at=NOW))
    (bounds,) = unit_bounds(site, replace(an_observation(site), assets=(wild,)))
    assert (bounds.unconfirmed_kw, bounds.ceiling_kw, bounds.least_kw) == (70.0, 100.0, 20.0)
    (broken,) = unit_bounds(site, replace(an_observation(site), assets=(replace(wild, fault="leak"),)))
    assert (broken.ceiling_kw, broken.ceiling_by) == (0.0, "fault:leak")


def test_an_asset_that_went_silent_counts_at_what_it_confirmed() -> None:
    site = a_site(0, assets=(H2,), limit_kw=200.0)
    gone = told("H2", online=False, acknowledged_kw=60.0)
    rooms = [limits_now(site, replace(an_observation(site), assets=assets), None, ()).import_room_kw[0] for assets in ((), (gone,))]
    assert rooms[0] - rooms[1] == pytest.approx(60.0)


def test_pv_counts_at_the_export_limit_up_to_what_it_was_let_and_takes_no_room_itself() -> None:
    site = a_site(0, pv=(ROOF, SHED))
    outlook = replace(an_outlook(site), pv_kw=np.full((len(LEVELS), 14), 20.0))
    seen = replace(an_observation(site), pv_kw=Reading(value=20.0, at=NOW))
    free = replace(seen, assets=(told("roof", None, acknowledged_kw=-30.0),))
    let_5 = replace(seen, assets=(told("roof", None, acknowledged_kw=-5.0),))
    (_, low_free), (_, low_5) = (uncontrolled_bounds_kw(site, o, outlook) for o in (free, let_5))
    assert low_5[0] - low_free[0] == pytest.approx(15.0 - 5.0)
    limits = limits_now(site, let_5, outlook, ())
    assert limits.units[-1].unit_id == "roof"
    assert not limits.weight[:-1, -1].any()


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-15", 24)])
def test_a_local_day_has_its_own_length(day: str, hours: int) -> None:
    noon = datetime.fromisoformat(f"{day}T12:00:00+02:00")
    begin, end = last_midnight(noon, "Europe/Berlin"), next_midnight(noon, "Europe/Berlin")
    assert end - begin == timedelta(hours=hours)
    assert last_midnight(end, "Europe/Berlin") == end == end.astimezone(UTC)
