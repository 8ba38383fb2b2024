"""`v2g simulate`: a scenario under one policy, beside the same cars uncontrolled."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from adapters.farm.bill import Prices
from adapters.farm.outcome import Outcome
from adapters.farm.uncontrolled import uncontrolled
from config.simulation.closed_loop import Scenario
from config.simulation.foresight import foresight_kpis, no_bound_notes, perfect_foresight
from config.simulation.kpis import run_kpis, station_kpis
from config.simulation.prices import calls_of, price_series
from config.simulation.rivals import Forecasts, controlled, forecast_kpis
from config.simulation.scenarios import Past
from config.simulation.stored import NOTE as STORED_NOTE
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
    forecasts: bool = False,
    progress: Callable[[float], None] | None = None,
) -> Simulation:
    """Run `scenario` under `policy`; `progress` is told the share done. The same arguments give the same figures, but for times.

    With `foresight` the figures stand beside those of perfect foresight under the same policy, with `forecasts` beside those of
    plans that roll on as they do with other forecasts (`config.simulation.rivals`).
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
        run = await controlled(scenario, past, progress=progress)
        prices = replace(prices, calls=calls_of(scenario.signals, run))
        outcome, figures = run.outcome, run_kpis(run, site, prices, reference)
        figures |= await _beside_rivals(scenario, past, figures, prices, reference) if forecasts else {}
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


async def _beside_rivals(scenario: Scenario, past: Past, own: dict[str, Any], prices: Prices, reference: Outcome) -> dict[str, Any]:
    """Return the figures `own` of learned forecasts beside those of the same days under others."""
    figures = {Forecasts.LEARNED: own}
    for rival in (Forecasts.PROFILES, Forecasts.TRUE):
        run = await controlled(scenario, past, rival)
        called = replace(prices, calls=calls_of(scenario.signals, run))
        figures[rival] = run_kpis(run, scenario.site, called, reference)
    return forecast_kpis(figures)


def _under(site: Site, policy: Policy) -> Site:
    return replace(site, rules=replace(site.rules, discharge=site.rules.discharge and policy is Policy.V2G))
