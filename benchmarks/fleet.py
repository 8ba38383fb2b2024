"""The fleet planner by size, from `Problem` to a verified `Plan`, beside bare HiGHS and the exact planner where they finish.

    python benchmarks/fleet.py [--sizes 1000,10000,100000] [--json] [--plot FILE.svg]

Cold: the first problem of a new planner, its code compiled before. Warm: the ticks after it, 5 min apart, with load and prices
forecast anew (2 % noise), the cars as the plan left them and that plan to keep to; the median of `--ticks`. The gap is the worst of
all of them, certified for the plan that is sent. Each size runs in a process of its own, whose highest memory use counts.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from math import inf
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ["OPENBLAS_NUM_THREADS"] = "1"

from benchmarks.fleets import at_start, fleet, next_tick
from benchmarks.measuring import matrices, timed_s
from optimizer.exact import ExactPlanner
from optimizer.fleet.planner import FleetPlanner
from optimizer.fleet.warming import warm_up
from optimizer.highs import new_highs, pass_program, run
from v2g.problem import Problem
from v2g.solution import Rung, Solution

MOST_BARE, MOST_EXACT = 3000, 1000
"""Sizes beyond which bare HiGHS and the exact planner are not tried by default: they take minutes, or more memory than there is."""
LIMIT_S = 600.0


def measure(n: int, ticks: int) -> dict[str, Any]:
    """Return the fleet planner's figures for `n` cars."""
    warm_up()
    cars, planner = fleet(n), FleetPlanner(time_limit_s=LIMIT_S)
    problem = at_start(cars)
    solution, cold_s = _timed(planner, problem)
    warm_s, gaps = [], [solution.gap_frac]
    for tick in range(1, ticks + 1):
        problem = next_tick(cars, tick, problem, solution)
        del solution
        solution, seconds = _timed(planner, problem)
        warm_s.append(seconds)
        gaps.append(solution.gap_frac)
    return {
        "cold_s": cold_s,
        "warm_s": statistics.median(warm_s),
        "gap": max(inf if gap is None else gap for gap in gaps),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "stages_s": solution.times_s,
    }


def _timed(planner: FleetPlanner | ExactPlanner, problem: Problem) -> tuple[Solution, float]:
    began = time.perf_counter()
    solution = planner.solve_now(problem)
    return solution, time.perf_counter() - began


def beside(n: int, most_bare: int, most_exact: int) -> dict[str, float]:
    """Return how long bare HiGHS takes for the linear program alone, and the exact planner for all, where they are tried [s]."""
    problem, found = at_start(fleet(n)), {}
    if n <= most_bare:
        found["bare_highs_s"] = _bare_s(problem)
    if n <= most_exact:
        solution, seconds = _timed(ExactPlanner(time_limit_s=LIMIT_S), problem)
        found["exact_s"] = seconds if solution.rung is Rung.OPTIMAL else inf
    return found


def _bare_s(problem: Problem) -> float:
    arrays, highs = matrices(problem), new_highs()
    pass_program(highs, arrays.reduced, arrays.cost)
    return timed_s(lambda: run(highs, LIMIT_S))


def plot(results: dict[str, dict[str, Any]], path: Path) -> None:
    """Write time against size, both logarithmic, as an SVG picture."""
    import plotly.graph_objects as go  # noqa: PLC0415 (only who plots waits for it)

    names = {"cold_s": "cold", "warm_s": "warm", "bare_highs_s": "bare HiGHS, the LP alone", "exact_s": "exact planner"}
    figure = go.Figure()
    for key, name in names.items():
        sizes = [n for n, found in results.items() if key in found]
        figure.add_scatter(x=[int(n) for n in sizes], y=[results[n][key] for n in sizes], name=name, mode="lines+markers")
    figure.update_xaxes(type="log", title="cars")
    figure.update_yaxes(type="log", title="seconds")
    figure.write_html(path) if path.suffix == ".html" else figure.write_image(path)


def main() -> None:
    """Print the figures of each size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", default="1000,10000,100000", help="numbers of cars, separated by commas")
    parser.add_argument("--ticks", type=int, default=3, help="warm ticks")
    parser.add_argument("--most-bare", type=int, default=MOST_BARE, help="largest size for bare HiGHS")
    parser.add_argument("--most-exact", type=int, default=MOST_EXACT, help="largest size for the exact planner")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(options.one, options.ticks)))
        return
    results: dict[str, dict[str, Any]] = {}
    for n in map(int, options.sizes.split(",")):
        command = [sys.executable, __file__, "--one", str(n), "--ticks", str(options.ticks)]
        out = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout  # noqa: S603 (this very file)
        found = json.loads(out.splitlines()[-1]) | beside(n, options.most_bare, options.most_exact)
        results[str(n)] = found
        others = "".join(f", {name[:-2]} {found[name]:.2f} s" for name in ("bare_highs_s", "exact_s") if name in found)
        print(
            f"{n} cars: cold {found['cold_s']:.2f} s, warm {found['warm_s']:.2f} s, gap {100 * found['gap']:.3f} %, "
            f"{found['peak_mb']:.0f} MB{others}",
            flush=True,
        )
    if options.plot:
        plot(results, options.plot)
    if options.json:
        print(json.dumps({"fleet": results}))


if __name__ == "__main__":
    main()
