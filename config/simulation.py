"""`v2g simulate`: a scenario under one policy, beside the same cars uncontrolled."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from adapters.farm.bill import Prices
from adapters.farm.outcome import Outcome
from adapters.farm.uncontrolled import uncontrolled
from config.closed_loop import Run, Scenario, run_closed_loop
from config.foresight import foresight_kpis, no_bound_notes, perfect_foresight
from config.kpis import run_kpis, station_kpis
from config.prices import calls_of, price_series
from config.scenarios import Past
from config.stored import NOTE as STORED_NOTE
from forecasts.daily import TrainedDaily
from forecasts.daysoff import days_off
from forecasts.forecaster import SeasonalForecaster
from optimizer.choice import ChoosingPlanner
from optimizer.ladder import Ladder
from v2g.site import Site


class Policy(StrEnum):
    """Who decides: nobody, the plan without discharge, the plan with it."""

    UNCONTROLLED = "uncontrolled"
    ORDERED = "ordered"
    V2G = "v2g"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Simulation:
    """A finished simulation: the figures, and what reports are drawn from."""

    scenario: Scenario
    policy: Policy
    prices: Prices
    reference: Outcome
    outcome: Outcome
    figures: dict[str, Any]


async def simulate(
    scenario: Scenario,
    past: Past,
    policy: Policy,
    *,
    foresight: bool = False,
    progress: Callable[[float], None] | None = None,
) -> Simulation:
    """Run `scenario` under `policy`; `progress` is told the share done. The same arguments give the same figures, but for times.

    With `foresight` the figures stand beside those of perfect foresight under the same policy.
    """
    began_s = time.perf_counter()
    scenario = replace(scenario, site=_under(scenario.site, policy))
    site = scenario.site
    reference = uncontrolled(
        site, scenario.visits, start=scenario.start, end=scenario.end, load_kw=scenario.load_kw, pv_kw=scenario.pv_kw
    )
    prices = price_series(site, scenario.signals, scenario.start, scenario.end)
    outcome, figures = reference, station_kpis(reference, site, prices)
    if policy is not Policy.UNCONTROLLED:
        run = await _controlled(scenario, past, progress)
        prices = replace(prices, calls=calls_of(scenario.signals, run))
        outcome, figures = run.outcome, run_kpis(run, site, prices, reference)
    if foresight:
        figures |= foresight_kpis(
            figures, perfect_foresight(scenario, prices, left_kwh={b.battery_id: b.ended_kwh for b in outcome.batteries})
        )
    head = {
        "site": site.site_id,
        "policy": str(policy),
        "start": scenario.start.isoformat(),
        "end": scenario.end.isoformat(),
        "notes": [
            *scenario.notes,
            *((STORED_NOTE,) if site.batteries else ()),
            *(no_bound_notes(site, prices) if foresight else ()),
        ],
        "currency": site.currency,
        "import_limit_kw": site.circuits[0].import_limit_kw,
    }
    figures = head | figures | {"wall_s": time.perf_counter() - began_s}
    return Simulation(scenario=scenario, policy=policy, prices=prices, reference=reference, outcome=outcome, figures=figures)


async def _controlled(scenario: Scenario, past: Past, progress: Callable[[float], None] | None) -> Run:
    forecaster = SeasonalForecaster(
        scenario.site, load_history=past.load, session_history=past.ended, holidays=days_off(past.country)
    )
    planner = Ladder(ChoosingPlanner(scenario.site.planner))
    trained = TrainedDaily(forecaster, scenario.site.time_zone)
    return await run_closed_loop(scenario, planner=planner, forecaster=trained, progress=progress)


def _under(site: Site, policy: Policy) -> Site:
    return replace(site, rules=replace(site.rules, discharge=site.rules.discharge and policy is Policy.V2G))
