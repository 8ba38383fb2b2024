"""Stationary batteries, new and in their second life, through the whole loop, against the closed form of a two-price day."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from adapters.farm.fleet import Fleet
from config.simulation.simulation import Policy
from config.site.load import read_site
from tests.config.simulation.battery_runs import INITIAL_FRAC, day_of, site_of, soc_frac, two_prices, with_battery
from v2g.observation import BatteryState, Reading
from v2g.stating.batteries import battery_unit
from v2g.timegrid import TimeGrid


@pytest.mark.parametrize("policy", [Policy.ORDERED, Policy.V2G])
async def test_on_a_two_price_day_the_battery_earns_what_the_closed_form_says(policy: Policy) -> None:
    site = site_of("battery")
    (battery,) = site.batteries
    done = await day_of("battery", site, policy)
    fills_kwh = (battery.soc_max_frac - INITIAL_FRAC) * battery.usable_kwh / battery.charge_efficiency
    empties_kwh = (battery.soc_max_frac - battery.soc_min_frac) * battery.usable_kwh * battery.discharge_efficiency
    assert done.outcome.battery_charge_kw @ done.outcome.covered_h == pytest.approx(fills_kwh, rel=0.02)
    assert done.outcome.battery_discharge_kw @ done.outcome.covered_h == pytest.approx(empties_kwh, rel=0.02)
    saved = done.figures["cost_uncontrolled"] - done.figures["cost"]
    assert saved == pytest.approx(1.00 * empties_kwh - 0.35 * fills_kwh, rel=0.03)
    assert done.figures["limit_violation_s"] == 0.0
    assert set(done.figures["rungs"]) == {"optimal"}


@pytest.mark.parametrize(("day", "cycles"), [(0.51, False), (0.62, True)])
async def test_it_buys_only_where_the_spread_beats_losses_and_wear(day: float, *, cycles: bool) -> None:
    site = two_prices(site_of("battery"), 0.35, day)
    (battery,) = site.batteries
    round_trip = battery.charge_efficiency * battery.discharge_efficiency
    pays = day - battery.wear_cost_per_kwh > 0.35 / round_trip
    assert pays is cycles
    done = await day_of("battery", site)
    bought_kwh = done.outcome.battery_charge_kw @ done.outcome.covered_h
    assert (bought_kwh > 100.0) if cycles else (bought_kwh < 1.0)


async def test_the_second_life_battery_cycles_less_deep_than_a_new_one_of_its_size() -> None:
    second = site_of("second_life")
    new = with_battery(second, depth_frac=(), depth_price_per_kwh=(), calendar_price_per_kwh_h=0.0)
    depth = []
    for site in (second, new):
        done = await day_of("second_life", site)
        soc = soc_frac(done.outcome, site.batteries[0])
        depth.append(float(soc.max() - soc[np.argmax(soc) :].min()))
        assert done.figures["limit_violation_s"] == 0.0
        assert set(done.figures["rungs"]) == {"optimal"}
    assert depth[1] == pytest.approx(0.9, abs=0.03)
    assert depth[0] < depth[1] - 0.15


def test_farm_and_plan_count_what_is_left_of_the_capacity_and_price_its_depths() -> None:
    site = site_of("second_life")
    (battery,) = site.batteries
    assert Fleet(site).capacity_kwh[-1] == pytest.approx(402.0)
    at = datetime(2026, 6, 15, tzinfo=UTC)
    state = BatteryState(battery_id="store", online=True, soc_frac=Reading(value=0.5, at=at))
    unit = battery_unit(battery, state, TimeGrid.uniform(at, step_h=1.0, n_steps=2), worth_per_kwh=0.55)
    assert unit.initial_energy_kwh == pytest.approx(201.0)
    assert unit.energy_max_kwh == pytest.approx([0.95 * 402.0] * 2)
    assert sum(unit.depth_kwh) == pytest.approx(402.0)
    assert unit.terminal_value_per_kwh == pytest.approx((0.55 - 0.15) * 0.94)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("soh_frac: 0.67", "soh_frac: 0", "soh_frac"),
        ("[0.05, 0.20, 0.60]", "[0.05, 0.20]", "3 depths have 2 prices"),
        ("[0.05, 0.20, 0.60]", "[0.05, 0.60, 0.20]", "let prices rise with depth"),
        ("[0.4, 0.3, 0.3]", "[0.4, 0.3, 0.4]", "at most 1"),
        ("[0.4, 0.3, 0.3]", "[0.4, 0.3, deep]", "depth_frac"),
        (" charge_max_kw: 80", " charge_max_kw: 0", "cannot be charged"),
        ("soc_min_frac: 0.05", "soc_min_frac: 0.95", "soc_min_frac"),
    ],
)
def test_what_is_wrong_with_a_battery_is_said(tmp_path: Path, old: str, new: str, words: str) -> None:
    text = Path("config/sites/second_life.yaml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "site.yaml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    _, errors = read_site(path)
    assert any(words in str(error) for error in errors)


@pytest.mark.parametrize("name", ["battery", "second_life"])
async def test_a_run_that_empties_its_battery_is_no_better_than_perfect_foresight_and_saves_less_than_its_bill(name: str) -> None:
    figures = (await day_of(name, site_of(name), foresight=True)).figures
    assert figures["cost_perfect_foresight"] <= figures["cost"]
    assert figures["cost_perfect_foresight"] > 0.95 * figures["cost"]
    assert figures["battery_stored_change_kwh"] < -50.0
    assert figures["cost"] < figures["cost_with_stored_energy"] < figures["cost_uncontrolled"]
    reference = figures["uncontrolled"]["cost_with_stored_energy"]
    assert reference == figures["cost_uncontrolled"]
    assert figures["saving_share"] == pytest.approx(1.0 - figures["cost_with_stored_energy"] / reference)
    assert any("cost_with_stored_energy" in note for note in figures["notes"])
