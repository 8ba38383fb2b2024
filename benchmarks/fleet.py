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
from math import ceil, floor, inf, log10
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


SERIES = {
    "cold_s": ("cold", "#c2410c"),
    "warm_s": ("warm", "#0369a1"),
    "bare_highs_s": ("bare HiGHS, the LP alone", "#6b7280"),
    "exact_s": ("exact planner", "#15803d"),
}
WIDTH, HEIGHT, MARGIN = 640.0, 400.0, 60.0


def plot(results: dict[str, dict[str, Any]], path: Path) -> None:
    """Write time against size, both logarithmic, as an SVG picture."""
    sizes = [float(n) for n in results]
    x0, x1, y0, y1 = floor(log10(min(sizes))), ceil(log10(max(sizes))), 0, 3

    def at(size: float, seconds: float) -> tuple[float, float]:
        x = MARGIN + (log10(size) - x0) / (x1 - x0) * (WIDTH - 2 * MARGIN)
        return x, HEIGHT - MARGIN - (log10(seconds) - y0) / (y1 - y0) * (HEIGHT - 2 * MARGIN)

    parts = [f'<rect width="{WIDTH:g}" height="{HEIGHT:g}" fill="white"/>']
    for k in range(y0, y1 + 1):
        (left, y), (right, _) = at(10.0**x0, 10.0**k), at(10.0**x1, 10.0**k)
        parts += [
            f'<path d="M{left} {y}H{right}" stroke="#ddd"/>',
            f'<text x="{left - 8}" y="{y + 4}" text-anchor="end">{10**k} s</text>',
        ]
    for k in range(x0, x1 + 1):
        (x, bottom), (_, top) = at(10.0**k, 10.0**y0), at(10.0**k, 10.0**y1)
        parts += [
            f'<path d="M{x} {bottom}V{top}" stroke="#ddd"/>',
            f'<text x="{x}" y="{bottom + 18}" text-anchor="middle">{10**k:,}</text>',
        ]
    for i, (key, (name, colour)) in enumerate(SERIES.items()):
        points = [at(float(n), found[key]) for n, found in results.items() if key in found]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>' for x, y in points]
        parts.append(f'<text x="{MARGIN + 12}" y="{MARGIN + 16 + 18 * i}" fill="{colour}">{name}</text>')
    parts.append(f'<text x="{WIDTH / 2}" y="{HEIGHT - 12}" text-anchor="middle">cars</text>')
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" font-family="sans-serif" font-size="13">'
    path.write_text("\n".join([head, *parts, "</svg>", ""]), encoding="utf-8")


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
