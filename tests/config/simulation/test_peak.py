"""The peak held in closed loop: a factory's one quarter-hour above all others, and cars that could give back in it."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from adapters.farm.outcome import Outcome
from adapters.farm.surroundings import StepSeries
from adapters.farm.visit import Visit
from config.simulation.closed_loop import Scenario, run_closed_loop
from forecasts.forecaster import SeasonalForecaster
from forecasts.history import History
from forecasts.peak import CAUTION
from optimizer.exact import ExactPlanner
from optimizer.ladder import Ladder
from tests.support.builders import a_site
from v2g.site import Horizon, Rules, Site, Tariff

START = datetime(2026, 3, 2, 6, tzinfo=UTC)
HOURS, N, SPIKE, SPIKE_KW, LOAD_KW = 5, 4, 13, 90.0, 40.0


def a_factory() -> Site:
    tariff = Tariff(base_price_per_kwh=0.2, demand_charge_per_kw=8.0)
    rules = Rules(lease_s=3600.0)
    horizon = Horizon(n_fine=16, n_coarse=4, tick_s=900.0, fast_s=300.0)
    return a_site(N, limit_kw=150.0, export_kw=50.0, tariff=tariff, rules=rules, horizon=horizon)


def a_car(i: int, *, consent: bool) -> Visit:
    return Visit(
        evse_id=f"E{i}",
        driver=f"D{i}",
        arrives_at=START + timedelta(minutes=5 * i),
        leaves_at=START + timedelta(hours=HOURS + 4),
        capacity_kwh=60.0,
        soc_frac=0.5,
        charge_max_kw=11.0,
        discharge_max_kw=11.0,
        energy_kwh=8.0,
        stated_departure=START + timedelta(hours=HOURS + 3),
        consent=consent,
    )


def past() -> History:
    """Return four weeks of the load, with another quarter-hour of the morning above all others each day."""
    days = np.full((28, 96), LOAD_KW)
    days[np.arange(28), 24 + np.arange(28) % 20] = SPIKE_KW
    first = np.datetime64((START - timedelta(days=28)).replace(tzinfo=None, hour=0), "s")
    return History.from_arrays(first + 900 * np.arange(days.size), days.ravel())


async def morning(*, consent: bool) -> Outcome:
    site = a_factory()
    load = np.full(4 * HOURS, LOAD_KW)
    load[SPIKE] = SPIKE_KW
    scenario = Scenario(
        site=site,
        start=START,
        end=START + timedelta(hours=HOURS),
        visits=tuple(a_car(i, consent=consent) for i in range(N)),
        load_kw=StepSeries(start=START, step_s=900.0, values=load),
        pv_kw=StepSeries.constant(0.0, START),
    )
    forecaster = SeasonalForecaster(site, load_history=past())
    return (await run_closed_loop(scenario, planner=Ladder(ExactPlanner()), forecaster=forecaster)).outcome


async def test_a_spike_that_nobody_foresaw_is_shaved_by_those_who_agreed_and_by_nobody_else() -> None:
    agreed, refused = await morning(consent=True), await morning(consent=False)
    assert refused.peak_import_kw == pytest.approx(SPIKE_KW, abs=0.1)  # charging waits, at least
    assert refused.energy_discharged_kwh == 0.0
    assert agreed.peak_import_kw == pytest.approx(CAUTION * SPIKE_KW, abs=0.5)  # what the past lets the month expect
    assert agreed.unconsented_kwh == agreed.floor_breaches == agreed.limit_violation_s == 0
