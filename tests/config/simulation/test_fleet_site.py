"""The ready-made fleet: 10,000 outlets on a feeder tree, a slice of a morning on a virtual clock with a cheap planner."""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path

from config.simulation.closed_loop import Run, Scenario, run_closed_loop
from config.simulation.kpis import run_kpis
from config.simulation.prices import price_series
from config.simulation.scenarios import Files, make_scenario
from config.site.load import load_site
from forecasts.forecaster import SeasonalForecaster
from optimizer.choice import wants_fleet
from optimizer.ladder import answer_without_solver
from v2g.problem import Problem
from v2g.solution import Solution

SITE = Path("config/sites/fleet.yaml")


@cache
def morning() -> Scenario:
    scenario, _ = make_scenario(load_site(SITE), Files(), days=1, seed=1, v2g_share=0.5)
    start = scenario.start + timedelta(hours=9)
    return replace(scenario, start=start, end=start + timedelta(minutes=6))


class ByRule:
    """Plans without a solver, and keeps what it was asked."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    async def solve(self, problem: Problem) -> Solution:
        self.problems.append(problem)
        return answer_without_solver(problem, "")


async def slice_of(scenario: Scenario, planner: ByRule) -> Run:
    return await run_closed_loop(scenario, planner=planner, forecaster=SeasonalForecaster(scenario.site))


async def test_ten_thousand_outlets_tick_at_their_times_and_break_no_limit() -> None:
    scenario, planner = morning(), ByRule()
    site = scenario.site
    assert (len(site.evses), len(site.circuits)) == (10_000, 17)
    run = await slice_of(scenario, planner)
    starts: list[datetime] = [problem.grid.start for problem in planner.problems]
    assert starts == [scenario.start, scenario.start + timedelta(seconds=300)]
    assert all(len(problem.storages.unit_ids) > 4000 for problem in planner.problems)
    assert all(wants_fleet(site.planner, problem) for problem in planner.problems)
    assert (run.outcome.limit_violation_s, run.outcome.unconsented_kwh, run.outcome.floor_breaches) == (0.0, 0.0, 0)
    assert run.outcome.energy_charged_kwh > 100.0
    figures = run_kpis(run, site, price_series(site, (), scenario.start, scenario.end), run.outcome)
    assert figures["planners"] == {"none": 2}
    assert figures["gap_frac"] is None


async def test_without_a_least_time_between_ticks_every_car_that_comes_brings_one() -> None:
    scenario, planner = morning(), ByRule()
    site, few = scenario.site, scenario.start + timedelta(minutes=2)
    eager = replace(scenario, end=few, site=replace(site, horizon=replace(site.horizon, event_s=40.0)))
    await slice_of(eager, planner)
    starts = [(problem.grid.start - eager.start).total_seconds() for problem in planner.problems]
    assert len(starts) == 3
    assert starts[0] == 0.0
    assert all(40.0 <= later - before <= 50.0 for before, later in pairwise(starts))
