"""The battery-swap station through the whole loop: cars find full packs, and energy is bought when it is cheap."""

from dataclasses import replace
from pathlib import Path

import pytest

from config.simulation.scenarios import Files, make_scenario
from config.simulation.simulation import Policy, simulate
from config.site.load import load_site, read_site

SITE = Path("config/sites/swap.yaml")


@pytest.mark.parametrize("policy", [Policy.ORDERED, Policy.V2G])
async def test_nearly_all_cars_find_a_full_pack_and_energy_is_bought_when_it_is_cheap(policy: Policy) -> None:
    scenario, past = make_scenario(load_site(SITE), Files(), days=1, seed=1, v2g_share=0.0)
    site = replace(scenario.site, horizon=replace(scenario.site.horizon, tick_s=1800.0, fast_s=900.0))
    done = await simulate(replace(scenario, site=site), past, policy)
    figures, (packs,) = done.figures, done.outcome.assets
    assert figures["swaps_asked"] > 70
    assert figures["swaps_served_share"] >= 0.95
    assert figures["limit_violation_s"] == 0.0
    assert figures["cost"] < 0.9 * figures["cost_uncontrolled"]
    assert (packs.given_kwh > 100.0) is (policy is Policy.V2G)


@pytest.mark.parametrize(("limit_kw", "binds"), [(1200.0, False), (300.0, True)])
async def test_without_a_plan_cars_charge_beside_the_packs_and_the_limit_holds(limit_kw: float, *, binds: bool) -> None:
    scenario, past = make_scenario(load_site(SITE), Files(), days=1, seed=1, v2g_share=0.0)
    grid, *others = scenario.site.circuits
    site = replace(scenario.site, circuits=(replace(grid, import_limit_kw=limit_kw), *others))
    done = await simulate(replace(scenario, site=site), past, Policy.UNCONTROLLED)
    figures, (packs,) = done.figures, done.outcome.assets
    assert figures["asked_kwh"] > 40.0
    assert figures["delivered_share"] >= 0.95
    assert figures["swaps_served_share"] >= 0.95
    assert packs.drawn_kwh > 1000.0
    assert figures["limit_violation_s"] == 0.0
    assert (figures["max_import_kw"] > limit_kw - 1e-3) is binds


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[2, 1, ", "[", "22 rates for the 24 hours"),
        ("variance_factor: 1.5", "variance_factor: 0.5", "vary less than by chance"),
        ("service_frac: 0.95", "service_frac: 1", "below 1"),
        ("n_packs: 28", "n_packs: 0", "n_packs"),
        ("pack_charge_kw: 60", "pack_charge_kw: 0", "without capacity or charger"),
    ],
)
def test_what_is_wrong_with_a_swap_station_is_said(tmp_path: Path, old: str, new: str, words: str) -> None:
    text = SITE.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "site.yaml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    _, errors = read_site(path)
    assert any(words in str(error) for error in errors)
