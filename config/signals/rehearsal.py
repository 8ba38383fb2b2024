"""A station as it would stand at some instant of made-up days: whom to ask where no daemon runs."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from config.people.previews import Previews, Situation
from config.simulation.closed_loop import run_closed_loop
from config.simulation.scenarios import Files, make_scenario
from config.site.load import LoadedSite
from forecasts.daysoff import days_off
from forecasts.forecaster import SeasonalForecaster
from optimizer.choice import ChoosingPlanner
from optimizer.ladder import Ladder
from v2g.errors import PlanningError

DAYS = 3
"""The day before the one asked about, that one, and the next, of which cars may stay."""


async def rehearsed(
    loaded: LoadedSite, at: datetime, *, seed: int, v2g_share: float, progress: Callable[[float], None]
) -> Previews:
    """Return previews of the station at `at`, after a day and more in closed loop; `progress` is told the share of that done.

    Raises `InputError` where no simulation can stand at `at`.
    """
    first_day = at.astimezone(ZoneInfo(loaded.site.time_zone)).date() - timedelta(days=1)
    scenario, past = make_scenario(loaded, Files(start=first_day), days=DAYS, seed=seed, v2g_share=v2g_share)
    scenario = replace(scenario, end=at.astimezone(UTC))
    site, planner = scenario.site, ChoosingPlanner(scenario.site.planner)
    forecaster = SeasonalForecaster(site, load_history=past.load, session_history=past.ended, holidays=days_off(past.country))
    run = await run_closed_loop(scenario, planner=Ladder(planner), forecaster=forecaster, progress=progress)
    if run.latest is None:
        raise PlanningError("nothing was planned before this instant")
    record, memory = run.latest
    situation = Situation(record=record, memory=memory, signals=record.signals)
    return Previews(site, forecaster, planner, lambda: situation)
