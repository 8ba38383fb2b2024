"""Super-chargers that share modules, through the whole loop."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from config.simulation.closed_loop import Scenario
from config.simulation.scenarios import Files, Past, make_scenario
from config.simulation.simulation import Policy, simulate
from config.site.load import load_site


def busy_hours(seed: int) -> tuple[Scenario, Past]:
    """Return two hours of noon at the super-charging site."""
    loaded = load_site(Path("config/sites/supercharging.yaml"))
    scenario, past = make_scenario(loaded, Files(), days=1, seed=seed, v2g_share=0.0)
    start = scenario.start + timedelta(hours=11)
    end = start + timedelta(hours=2)
    visits = tuple(v for v in scenario.visits if start <= v.arrives_at < end)
    return replace(scenario, start=start, end=end, visits=visits), past


@pytest.mark.parametrize("policy", [Policy.ORDERED, Policy.V2G])
async def test_modules_and_transformer_hold_and_drivers_get_what_uncontrolled_would_give(policy: Policy) -> None:
    scenario, past = busy_hours(seed=1)
    done = await simulate(scenario, past, policy)
    assert len(done.outcome.visits) > 10
    assert done.outcome.breaches == ()
    assert done.figures["net_delivered_of_uncontrolled"] >= 0.99
    assert done.outcome.max_import_kw > 500.0


async def test_the_battery_gives_while_prices_are_high() -> None:
    scenario, past = busy_hours(seed=1)
    done = await simulate(replace(scenario, visits=()), past, Policy.ORDERED)
    assert done.outcome.battery_discharge_kw @ done.outcome.covered_h > 100.0
    assert np.all(done.outcome.battery_charge_kw < 1.0)
