"""Runs of stations with one battery under a tariff with two prices, and what their batteries did."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from adapters.farm.outcome import Outcome
from config.simulation.scenarios import Files, make_scenario
from config.simulation.simulation import Policy, Simulation, simulate
from config.site.load import load_site
from v2g.site import Battery, Site, TariffPeriod

SITES = Path("config/sites")
INITIAL_FRAC = 0.5
"""What a simulated battery begins with."""


def site_of(name: str) -> Site:
    """Return the example site `name`, with fewer ticks: prices change at full hours."""
    site = load_site(SITES / f"{name}.yaml").site
    return replace(site, horizon=replace(site.horizon, tick_s=1800.0, fast_s=900.0))


def two_prices(site: Site, night: float, day: float) -> Site:
    """Return `site` with a price from 0:00 to 8:00 and another for the rest of the day."""
    periods = (TariffPeriod(start_h=0.0, end_h=8.0, price_per_kwh=night),)
    return replace(site, tariff=replace(site.tariff, base_price_per_kwh=day, periods=periods))


async def day_of(name: str, site: Site, policy: Policy = Policy.ORDERED, *, foresight: bool = False) -> Simulation:
    """Run one day, from midnight to midnight, of `site`, which is the example `name` or like it."""
    scenario, past = make_scenario(load_site(SITES / f"{name}.yaml"), Files(), days=1, seed=1, v2g_share=0.0)
    return await simulate(replace(scenario, site=site), past, policy, foresight=foresight)


def with_battery(site: Site, **changes: object) -> Site:
    (battery,) = site.batteries
    return replace(site, batteries=(replace(battery, **changes),))  # type: ignore[arg-type]  # fields of several types


def soc_frac(outcome: Outcome, battery: Battery) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return the charge at the end of each quarter-hour, by efficiencies at rated power."""
    into_kw = battery.charge_efficiency * outcome.battery_charge_kw
    flow_kw = into_kw - outcome.battery_discharge_kw / battery.discharge_efficiency
    return np.asarray(INITIAL_FRAC + np.cumsum(flow_kw * outcome.covered_h) / battery.usable_kwh)
