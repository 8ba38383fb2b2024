"""Perfect foresight: closed forms on tiny stations, and a bound of what the closed loop does."""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from adapters.farm.bill import Calls, Prices
from adapters.farm.physics import battery_kw, losses_of
from adapters.farm.surroundings import StepSeries
from adapters.farm.visit import Visit
from config.simulation.closed_loop import Scenario
from config.simulation.foresight import Foresight, billed_spans, perfect_foresight
from config.simulation.hindsight import best_efficiency, quarter_hours
from config.simulation.scenarios import Files, Past, make_scenario
from config.simulation.simulation import Policy, simulate
from config.site.load import load_site
from daemon import app
from forecasts.history import History
from tests.support.builders import NOW, a_site
from v2g.commitments import Dispatch, Event, Reserve
from v2g.site import Battery, Rules, Site
from v2g.timegrid import Array

CHARGING, DISCHARGING = best_efficiency(0.95)
KW = 11.0
SITE = """\
id: small
time_zone: Europe/Berlin
currency: EUR
grid: {import_limit_kw: 30, export_limit_kw: 15}
circuits: [{id: hall, phase_limit_a: 40}]
chargers:
  - {id: CP, count: 6, protocol: mqtt, circuit: hall, charge_max_kw: 11, discharge_max_kw: 11}
load: {base_kw: 3, peak_kw: 14}
tariff:
  base_price_per_kwh: 0.40
  export_share: 0.95
  demand_charge_per_kw: 0.5
  periods: [{start_h: 11, end_h: 15, price_per_kwh: 0.05}]
rules: {lease_s: 3600}
horizon: {tick_s: 900, fast_s: 300}
mqtt: {host: 127.0.0.1}
"""


def at(hour: float) -> datetime:
    return NOW + timedelta(hours=hour)


def a_visit(*, until_h: float = 2.0, energy_kwh: float = 10.0, **changes: Any) -> Visit:
    visit = Visit(
        evse_id="E0",
        driver="",
        arrives_at=at(0),
        leaves_at=at(until_h),
        capacity_kwh=100.0,
        soc_frac=0.5,
        charge_max_kw=KW,
        energy_kwh=energy_kwh,
    )
    return replace(visit, **changes)


def hourly(*values: float) -> StepSeries:
    return StepSeries(start=NOW, step_s=3600.0, values=np.array(values))


def best(
    *visits: Visit,
    price: StepSeries,
    hours: float = 2.0,
    load_kw: float = 0.0,
    site: Site | None = None,
    demand: float = 0.0,
    left_kwh: Mapping[str, float] | None = None,
    **money: Any,
) -> Foresight:
    scenario = Scenario(
        site=site or a_site(1),
        start=NOW,
        end=at(hours),
        visits=visits,
        load_kw=StepSeries.constant(load_kw, NOW),
        pv_kw=StepSeries.constant(0.0, NOW),
    )
    export = replace(price, values=0.9 * price.values)
    prices = Prices(import_per_kwh=price, export_per_kwh=export, demand_charge_per_kw=demand, **money)
    return perfect_foresight(scenario, prices, left_kwh=left_kwh or {})


def test_one_car_and_two_prices_take_the_cheaper_hour() -> None:
    found = best(a_visit(), price=hourly(0.5, 0.1))
    assert found.cost == pytest.approx(0.1 * 10 / CHARGING)
    assert found.net_delivered_kwh == pytest.approx(10.0)
    assert found.gap_frac == 0.0
    assert found.cost_without_cars == 0.0


def test_of_a_quarter_hour_that_a_stay_covers_in_part_only_that_part_counts() -> None:
    found = best(a_visit(until_h=1 + 10 / 60), price=hourly(0.5, 0.1))
    cheap_kwh = KW * 10 / 60
    assert found.cost == pytest.approx(0.1 * cheap_kwh + 0.5 * (10 / CHARGING - cheap_kwh))


def test_what_full_power_could_not_have_reached_is_not_asked() -> None:
    found = best(a_visit(until_h=0.5), price=hourly(0.5, 0.1))
    assert 0.95 * KW * (0.5 - 20 / 3600) - 0.01 < found.net_delivered_kwh < CHARGING * KW * 0.5


def test_a_car_that_stays_beyond_the_end_is_due_at_the_end() -> None:
    found = best(a_visit(until_h=8), price=hourly(0.5, 0.4))
    assert found.net_delivered_kwh == pytest.approx(10.0)


def test_a_demand_charge_makes_it_flat() -> None:
    found = best(a_visit(), price=hourly(0.5, 0.1), load_kw=5.0, demand=100.0)
    assert found.peak_import_kw == pytest.approx(5 + 10 / CHARGING / 2)
    assert found.cost_demand == pytest.approx(100 * found.peak_import_kw)
    assert found.cost_without_cars == pytest.approx(5 * 0.6 + 500)


def giving() -> Visit:
    return a_visit(energy_kwh=0.0, discharge_max_kw=KW, consent=True)


def test_a_car_that_may_give_back_buys_low_and_sells_high_and_wear_is_told_apart() -> None:
    site = a_site(1, export_kw=20.0)
    sold_kwh = KW * CHARGING * DISCHARGING
    found = best(giving(), price=hourly(0.1, 1.0), site=site)
    assert found.cost == pytest.approx(0.1 * KW - 0.9 * sold_kwh)
    assert found.wear_cost == pytest.approx(site.rules.v2g_wear_cost_per_kwh * sold_kwh)
    assert found.energy_discharged_kwh == pytest.approx(sold_kwh)


@pytest.mark.parametrize("why_not", [{"consent": False}, {"soc_floor_frac": 0.5}])
def test_without_consent_or_above_its_floor_only_it_gives_nothing(why_not: dict[str, Any]) -> None:
    assert best(replace(giving(), **why_not), price=hourly(1.0, 0.1)).energy_discharged_kwh == pytest.approx(0.0, abs=1e-6)


def test_ordered_charging_foresees_no_discharge() -> None:
    site = a_site(1, rules=Rules(discharge=False))
    assert best(giving(), price=hourly(0.1, 1.0), site=site).energy_discharged_kwh == 0.0


def hour(number: int) -> Array:
    """Return 1 in the quarter-hours of one of two hours."""
    return np.repeat([float(number == 0), float(number == 1)], 4)


def test_carbon_counts_as_a_price() -> None:
    found = best(a_visit(), price=hourly(0.5, 0.4), load_kw=1.0, carbon_per_kwh=hourly(0.1, 0.3))
    assert found.cost_carbon == pytest.approx(0.1 * (1 + 10 / CHARGING) + 0.3)
    assert found.cost == pytest.approx(found.cost_carbon + 0.5 * (1 + 10 / CHARGING) + 0.4)
    assert found.cost_without_cars == pytest.approx(0.9 + 0.4)


def test_an_event_is_answered_by_a_car_and_by_nothing_else() -> None:
    event = Event(event_id="event", direction=1, cover=hour(1), baseline_kw=np.full(8, 20.0), committed_kw=5.0, payment_per_kwh=3.0)
    found = best(giving(), price=hourly(0.1, 0.1), load_kw=20.0, calls=Calls(start=NOW, events=(event,)))
    assert found.cost_events == pytest.approx(-15.0)
    assert found.energy_discharged_kwh == pytest.approx(5.0)
    assert found.cost_without_cars == pytest.approx(4.0)


def test_a_reserve_is_held_up_to_the_swing_from_charging_to_giving_and_missed_beyond() -> None:
    terms = {"committed_kw": 2 * KW + 4.0, "payment_per_kw_h": 1.0, "penalty_per_kw_h": 0.5, "energy_h": 0.25}
    reserve = Reserve(reserve_id="block", direction=1, cover=hour(1), **terms)
    calls = Calls(start=NOW, reserves=(reserve,), held_kw=(np.zeros(8),))
    found = best(giving(), price=hourly(0.1, 0.1), load_kw=20.0, calls=calls)
    assert found.cost_reserve == pytest.approx(-2 * KW + 0.5 * 4.0)


def test_dispatch_is_followed_where_it_is_dearer_to_leave_it() -> None:
    dispatch = Dispatch(follow_kw=np.where(hour(0) > 0, 8.0, np.nan), price_per_kwh=1.0)
    found = best(a_visit(), price=hourly(0.5, 0.1), load_kw=2.0, calls=Calls(start=NOW, dispatch=dispatch))
    assert found.cost_dispatch == pytest.approx(0.0, abs=1e-9)
    assert found.cost == pytest.approx(0.5 * 8.0 + 0.1 * (2.0 + 10 / CHARGING - 6.0))


BATTERY = Battery(battery_id="B", circuit_id="grid", capacity_kwh=20.0, charge_max_kw=10.0, discharge_max_kw=10.0)


@pytest.mark.parametrize(("left_kwh", "end_kwh"), [({}, 10.0), ({"B": 15.0}, 10.0), ({"B": 6.0}, 6.0), ({"B": 0.0}, 2.0)])
def test_batteries_end_as_full_as_the_run_left_them_or_as_they_began_and_are_no_delivery(
    left_kwh: dict[str, float], end_kwh: float
) -> None:
    found = best(price=hourly(1.0, 0.1), load_kw=20.0, site=a_site(1, batteries=(BATTERY,)), left_kwh=left_kwh)
    given_kwh = (10.0 - 2.0) * DISCHARGING
    assert found.cost == pytest.approx(20 * 1.1 - given_kwh + 0.1 * (end_kwh - 2.0) / CHARGING)
    assert found.net_delivered_kwh == found.energy_charged_kwh == 0.0


def test_each_month_pays_its_own_peak_and_begins_with_what_the_last_one_left() -> None:
    start = datetime(2026, 3, 31, 22, tzinfo=UTC)
    prices = Prices(
        import_per_kwh=StepSeries.constant(0.1, start),
        export_per_kwh=StepSeries.constant(0.0, start),
        demand_charge_per_kw=1.0,
    )
    scenario = Scenario(
        site=a_site(1),
        start=start,
        end=start + timedelta(hours=4),
        visits=(a_visit(arrives_at=start, leaves_at=start + timedelta(hours=4)),),
        load_kw=StepSeries(start=start, step_s=7200.0, values=np.array([30.0, 20.0])),
        pv_kw=StepSeries.constant(0.0, start),
    )
    assert len(billed_spans(scenario.start, scenario.end, replace(prices, demand_charge_per_kw=0.0))) == 1
    found = perfect_foresight(scenario, prices)
    assert found.cost_demand == pytest.approx(30 + 10 / CHARGING / 2 + 20)
    assert found.net_delivered_kwh == pytest.approx(10.0)


def test_the_best_efficiency_is_that_of_the_best_power() -> None:
    power = np.linspace(0.01, 1.0, 2000)
    losses = losses_of(np.full(1, 0.9), np.ones(1))
    charging, discharging = best_efficiency(0.9)
    assert (battery_kw(power, losses, losses) / power).max() == pytest.approx(charging, abs=1e-6)
    assert (power / -battery_kw(-power, losses, losses)).max() == pytest.approx(discharging, abs=1e-6)


def test_quarter_hours_are_those_of_the_clock() -> None:
    grid = quarter_hours(at(0.1), at(0.6))
    assert grid.step_h == pytest.approx([0.15, 0.25, 0.1])


@cache
def made_up(folder: Path) -> tuple[Scenario, Past]:
    path = folder / "site.yaml"
    path.write_text(SITE, encoding="utf-8")
    return make_scenario(load_site(path), Files(), days=1, seed=3, v2g_share=1.0)


@pytest.mark.parametrize("policy", list(Policy))
async def test_no_policy_beats_perfect_foresight_which_serves_as_well(policy: Policy, tmp_path: Path) -> None:
    scenario, past = made_up(tmp_path)
    done = await simulate(scenario, past, policy, foresight=True)
    figures, oracle = done.figures, done.figures["perfect_foresight"]
    wear_cost = scenario.site.rules.v2g_wear_cost_per_kwh * figures["energy_discharged_kwh"]
    assert oracle["cost"] + oracle["wear_cost"] <= figures["cost"] + wear_cost
    assert oracle["net_delivered_kwh"] >= done.outcome.delivered_kwh - 1e-6
    assert figures["cost_over_perfect_foresight"] == figures["cost"] / oracle["cost"]
    assert figures["delivered_of_perfect_foresight"] > 0.98


async def test_what_forecasts_learned_does_not_touch_perfect_foresight(tmp_path: Path) -> None:
    scenario, past = made_up(tmp_path)
    times = np.datetime64(scenario.start.replace(tzinfo=None), "h") - np.arange(21 * 24, 0, -1)
    other = replace(past, load=History.from_arrays(times, np.full(len(times), 14.0), step_s=3600))
    runs = [(await simulate(scenario, p, Policy.ORDERED, foresight=True)).figures for p in (past, other)]
    assert runs[0]["cost"] != runs[1]["cost"]
    for run in runs:
        del run["perfect_foresight"]["solve_s"]
    assert runs[0]["perfect_foresight"] == runs[1]["perfect_foresight"]


def test_the_command_prints_both_and_its_report_shows_both(tmp_path: Path) -> None:
    made_up(tmp_path)
    report = tmp_path / "report.html"
    arguments = ["simulate", str(tmp_path / "site.yaml"), "--days", "1", "--policy", "ordered"]
    result = CliRunner().invoke(app, [*arguments, "--foresight", "--report", str(report), "--json"])
    printed = json.loads(result.stdout.splitlines()[-1])
    assert printed["perfect_foresight"]["cost"] == printed["cost_perfect_foresight"] <= printed["cost"]
    page = report.read_text(encoding="utf-8")
    assert "perfect foresight" in page
    assert f"{printed['cost_perfect_foresight']:,.2f}" in page


def test_without_asking_there_is_none(tmp_path: Path) -> None:
    made_up(tmp_path)
    result = CliRunner().invoke(app, ["simulate", str(tmp_path / "site.yaml"), "--days", "1", "--policy", "uncontrolled", "--json"])
    assert not [name for name in json.loads(result.stdout.splitlines()[-1]) if "foresight" in name]


def test_the_figures_are_named_as_those_of_an_outcome(tmp_path: Path) -> None:
    made_up(tmp_path)
    result = CliRunner().invoke(app, ["simulate", str(tmp_path / "site.yaml"), "--days", "1", "--policy", "uncontrolled", "--json"])
    own = {"wear_cost", "cost_without_cars", "gap_frac", "reason", "solve_s"}
    assert asdict(best(price=hourly(1.0))).keys() - own <= json.loads(result.stdout.splitlines()[-1]).keys()
