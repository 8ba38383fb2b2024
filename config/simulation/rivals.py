"""The same days under other forecasts: the first version's, and the truth. What forecasts are worth, in money.

`learned`   models trained anew each day, as the daemon has them
`profiles`  day-type profiles and like visits alone, the first version
`true`      what will happen (`config.simulation.truth`); the plans roll on as they do
"""

from collections.abc import Callable, Mapping
from copy import deepcopy
from enum import StrEnum
from typing import Any

from config.simulation.closed_loop import Run, Scenario, run_closed_loop
from config.simulation.scenarios import Past
from config.simulation.truth import TrueForecaster
from forecasts.daily import TrainedDaily
from forecasts.daysoff import days_off
from forecasts.forecaster import SeasonalForecaster
from optimizer.choice import ChoosingPlanner
from optimizer.ladder import Ladder
from v2g.ports import Forecaster

SHOWN = (
    "cost",
    "cost_with_stored_energy",
    "cost_demand",
    "peak_import_kw",
    "energy_discharged_kwh",
    "delivered_share",
    "limit_violation_s",
    "drivers_met_share",
)


class Forecasts(StrEnum):
    """Whose forecasts a closed loop plans with."""

    LEARNED = "learned"
    PROFILES = "profiles"
    TRUE = "true"


async def controlled(
    scenario: Scenario, past: Past, forecasts: Forecasts = Forecasts.LEARNED, progress: Callable[[float], None] | None = None
) -> Run:
    """Run `scenario` with these forecasts; `past` is left as it is."""
    planner = Ladder(ChoosingPlanner(scenario.site.planner))
    return await run_closed_loop(scenario, planner=planner, forecaster=_forecaster(scenario, past, forecasts), progress=progress)


def _forecaster(scenario: Scenario, past: Past, forecasts: Forecasts) -> Forecaster:
    profiles = SeasonalForecaster(
        scenario.site,
        load_history=deepcopy(past.load),
        pv_history=deepcopy(past.pv),
        session_history=past.ended,
        holidays=days_off(past.country),
    )
    match forecasts:
        case Forecasts.LEARNED:
            return TrainedDaily(profiles, scenario.site.time_zone)
        case Forecasts.PROFILES:
            return profiles
        case Forecasts.TRUE:
            return TrueForecaster(profiles, scenario)


def forecast_kpis(figures: Mapping[Forecasts, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the figures of closed loops side by side, by their forecasts, and the cost of the learned over each other's."""
    shown = {str(name): {key: own[key] for key in SHOWN if key in own} for name, own in figures.items()}
    cost = {str(name): own.get("cost_with_stored_energy", own["cost"]) for name, own in figures.items()}
    over = {
        f"cost_over_{name}": cost[Forecasts.LEARNED] / cost[name] for name in cost if name != Forecasts.LEARNED and cost[name] > 0
    }
    return {"forecasts": shown | over}
