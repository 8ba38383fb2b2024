"""The example sites with assets: one day each, under both policies, in the closed loop."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from config.simulation.scenarios import Files, make_scenario
from config.simulation.simulation import Policy, Simulation, simulate
from config.site.load import LoadedSite, load_site, read_site
from v2g.site import NO_LIMIT, Site

SITES = Path("config/sites")
DELIVERED = 0.99
FAST_S = 300.0
"""A look is a tick's price in a simulation; real stations look every few seconds."""
PLANNED = [Policy.ORDERED, Policy.V2G]


@cache
def loaded(name: str) -> LoadedSite:
    return load_site(SITES / f"{name}.yaml")


async def a_day(name: str, policy: Policy, *, foresight: bool = False, site: Site | None = None) -> Simulation:
    own = loaded(name)
    site = site or own.site
    site = replace(site, horizon=replace(site.horizon, fast_s=FAST_S))
    scenario, past = make_scenario(LoadedSite(site=site, file=own.file), Files(), days=1, seed=1, v2g_share=0.5)
    return await simulate(scenario, past, policy, foresight=foresight)


@pytest.mark.parametrize("policy", PLANNED)
async def test_hydrogen_is_made_in_time_within_all_limits_and_cheaper_than_by_running_flat(policy: Policy) -> None:
    figures = (await a_day("electrolyser", policy, foresight=True)).figures
    assert figures["hydrogen_missing_kg"] < 0.01 * figures["hydrogen_target_kg"]
    assert figures["hydrogen_made_kg"] < 1.05 * figures["hydrogen_target_kg"]
    assert figures["cost"] < 0.85 * figures["uncontrolled"]["cost"]
    assert figures["cost_perfect_foresight"] < figures["cost"]
    assert figures["limit_violation_s"] == 0.0
    assert figures["delivered_share"] > DELIVERED


@pytest.mark.parametrize("policy", PLANNED)
async def test_a_flexible_load_moves_away_from_dear_hours_within_its_band_and_comes_back(policy: Policy) -> None:
    done = await a_day("flexible_load", policy, foresight=policy is Policy.V2G)
    (cooling,), figures = done.outcome.assets, done.figures
    assert figures["energy_shifted_kwh"] > 100.0
    assert -60.0 - 1e-6 <= cooling.lowest_kwh < 0.0 < cooling.highest_kwh <= 60.0 + 1e-6
    assert cooling.days[-1].stored_kwh > -1.0
    if policy is Policy.V2G:
        assert figures["cost_perfect_foresight"] < figures["cost"] < figures["uncontrolled"]["cost"]
    else:
        without = await a_day("flexible_load", policy, site=replace(loaded("flexible_load").site, assets=()))
        assert figures["cost"] < without.figures["cost"] - 10.0
    assert figures["limit_violation_s"] == 0.0
    assert figures["delivered_share"] > DELIVERED


@pytest.mark.parametrize("policy", PLANNED)
async def test_pv_is_curtailed_for_the_export_limit_and_for_prices_below_zero(policy: Policy) -> None:
    figures = (await a_day("pv", policy)).figures
    assert figures["pv_curtailed_kwh"] > 50.0
    assert figures["uncontrolled"]["limit_violation_s"] > 3600.0
    assert figures["limit_violation_s"] <= FAST_S  # from when a car stops to the next look
    assert figures["cost"] < figures["uncontrolled"]["cost"]
    assert figures["delivered_share"] > DELIVERED


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("electrolyser", "charge_min_kw: 60", "charge_min_kw: 400", "assets[0].charge_min_kw: the minimum load is above"),
        ("electrolyser", "target_kg_per_day: 80", "target_kg_per_day: 150", "no day is long enough for so much hydrogen"),
        ("electrolyser", "ramp_kw_per_h: 600", "ramp_kw_per_h: 8", "at most 42.9, or more power or a faster ramp"),
        ("electrolyser", "id: H2", "id: DC-1", "the name 'DC-1' is used twice"),
        ("electrolyser", "circuit: hydrogen, charge", "circuit: nowhere, charge", "there is no circuit 'nowhere'"),
        ("electrolyser", "kind: electrolyser", "kind: fountain", "assets[0]"),
        ("flexible_load", "flex_up_kw: 40, flex_down_kw: 30", "flex_up_kw: 0, flex_down_kw: 0", "its power cannot move"),
        ("flexible_load", "band_kwh: 60", "band_kwh: 0", "it can neither be ahead nor behind"),
        ("flexible_load", "efficiency: 0.95", "drain_kw: 41", "its buffer loses more than flex_up_kw can bring back"),
    ],
)
def test_what_cannot_be_is_told_with_its_place(name: str, old: str, new: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text((SITES / f"{name}.yaml").read_text("utf-8").replace(old, new), "utf-8")
    _, errors = read_site(path)
    assert said in "\n".join(map(str, errors))


async def test_pv_is_not_curtailed_without_need() -> None:
    site = loaded("pv").site
    wide = replace(site.circuits[0], export_limit_kw=NO_LIMIT)
    kind = replace(site.tariff, periods=tuple(replace(p, price_per_kwh=max(p.price_per_kwh, 0.0)) for p in site.tariff.periods))
    free = replace(site, circuits=(wide, *site.circuits[1:]), tariff=kind)
    figures = (await a_day("pv", Policy.ORDERED, site=free)).figures
    assert figures["pv_curtailed_kwh"] < 0.5
