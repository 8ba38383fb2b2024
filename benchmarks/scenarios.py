"""What planning for several courses is worth: one station, the same days, in closed loop with 1, 3 and 5 courses.

    python benchmarks/scenarios.py [--site SITE] [--days 2] [--seed 1] [--courses 1,3,5] [--policy ordered] [--start DAY]
                                   [--sessions CSV] [--load CSV] [--prices CSV] [--json]

Without `--site` it is `config/sites/workplace.yaml`; what is not given as a file is made up by the seed. The cost is the whole bill
with wear; what is missing is told beside it, for a planner could save money by not charging.
"""

import argparse
import asyncio
import json
import os
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ["OPENBLAS_NUM_THREADS"] = "1"

from config.simulation.closed_loop import Scenario, run_closed_loop
from config.simulation.kpis import run_kpis
from config.simulation.prices import price_series
from config.simulation.scenarios import Files, Past, make_scenario
from config.site.load import load_site
from config.station.logs import configure_logs
from forecasts.forecaster import SeasonalForecaster
from optimizer.exact import ExactPlanner
from optimizer.ladder import Ladder
from optimizer.scenarios import ScenarioPlanner

SITE = Path(__file__).resolve().parents[1] / "config/sites/workplace.yaml"
KEPT = ("cost", "cost_demand", "peak_import_kw", "net_delivered_kwh", "delivered_share")


def run(scenario: Scenario, past: Past, n_courses: int) -> dict[str, float]:
    """Return the figures of a closed loop that plans for `n_courses` courses [currency, kW, kWh, s]."""
    site = scenario.site
    site = replace(site, horizon=replace(site.horizon, scenarios=n_courses))  # type: ignore[arg-type]  # from the command line
    scenario = replace(scenario, site=site)
    forecaster = SeasonalForecaster(site, load_history=past.load, session_history=past.ended)
    planner = Ladder(ScenarioPlanner(ExactPlanner()))
    done = asyncio.run(run_closed_loop(scenario, planner=planner, forecaster=forecaster))
    prices = price_series(site, scenario.signals, scenario.start, scenario.end)
    figures = run_kpis(done, site, prices, done.outcome)
    return {name: figures[name] for name in KEPT} | {"solve_s_median": median(done.solve_s), "solves": len(done.solve_s)}


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--site", type=Path, default=SITE)
    parser.add_argument("--days", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--courses", default="1,3,5", help="numbers of courses, separated by commas")
    parser.add_argument("--policy", choices=["ordered", "v2g"], default="ordered")
    parser.add_argument("--start", type=date.fromisoformat, help="first local day")
    for name in ("sessions", "load", "prices"):
        parser.add_argument(f"--{name}", type=Path, help="series (CSV)")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    configure_logs(verbose=False, quiet=True)
    files = Files(sessions=options.sessions, load=options.load, prices=options.prices, start=options.start)
    scenario, past = make_scenario(load_site(options.site), files, days=options.days, seed=options.seed, v2g_share=0.5)
    rules = replace(scenario.site.rules, discharge=options.policy == "v2g")
    scenario = replace(scenario, site=replace(scenario.site, rules=rules))
    results = {}
    for n_courses in (int(n) for n in options.courses.split(",")):
        figures = results[str(n_courses)] = run(scenario, past, n_courses)
        print(
            f"{n_courses} courses: {figures['cost']:.2f} {scenario.site.currency}, peak {figures['peak_import_kw']:.1f} kW, "
            f"{figures['net_delivered_kwh']:.1f} kWh delivered, {1e3 * figures['solve_s_median']:.0f} ms a solve"
        )
    if options.json:
        print(json.dumps({"site": scenario.site.site_id, "days": options.days, "seed": options.seed, "courses": results}))


if __name__ == "__main__":
    main()
