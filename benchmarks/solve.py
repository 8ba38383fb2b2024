"""The planner's whole solve step against bare HiGHS on the same matrices, side by side in one run.

    python benchmarks/solve.py [--sizes 50,200] [--repeats 5] [--json]

Cold: a new planner, the template compiled from Pyomo, the solve, the extraction, the verification. Warm: the next problem of a
rolling operation, load and price forecasts 2 % different, in the planner that solved the last one. Bare: a new HiGHS handed the
very arrays of the cold solve; only its run is timed. One thread for the linear algebra, as in the solver process.
"""

import argparse
import json
import os
import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ["OPENBLAS_NUM_THREADS"] = "1"

from benchmarks.measuring import NOISE, bare_s, timed_s
from optimizer.compiled.template import compile_template
from optimizer.exact import ExactPlanner
from tests.optimizer.instances import fleet
from v2g.problem import Problem

N_STEPS = 96
ALLOWED_COLD_S = 0.5


def cold_s(problem: Problem) -> float:
    """Return how long a new planner takes, its template compiled afresh [s]."""
    compile_template.cache_clear()
    return timed_s(lambda: ExactPlanner().solve_now(problem))


def measure(n: int, repeats: int) -> dict[str, float]:
    """Return medians for `n` cars [s], and the ratios to bare HiGHS."""
    problems = [fleet(n, N_STEPS, noise=NOISE) for _ in range(repeats)]
    rolling = ExactPlanner()
    rolling.solve_now(fleet(n, N_STEPS, noise=NOISE))
    warm = [timed_s(lambda problem=problem: rolling.solve_now(problem)) for problem in problems]
    bare = [bare_s(problem) for problem in problems]
    cold = [cold_s(problem) for problem in problems]
    cold_median_s, warm_median_s, bare_median_s = (statistics.median(x) for x in (cold, warm, bare))
    return {
        "bare_highs_s": bare_median_s,
        "cold_s": cold_median_s,
        "warm_s": warm_median_s,
        "cold_over_bare_highs": cold_median_s / bare_median_s,
        "warm_over_bare_highs": warm_median_s / bare_median_s,
        "cold_allowed_s": 2 * bare_median_s + ALLOWED_COLD_S,
    }


def main() -> None:
    """Print the figures of each size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", default="50", help="numbers of cars, separated by commas")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    results = {}
    for n in map(int, options.sizes.split(",")):
        figures = results[n] = measure(n, options.repeats)
        print(
            f"{n} EVs × {N_STEPS} steps: bare HiGHS {figures['bare_highs_s']:.3f} s, "
            f"cold {figures['cold_s']:.3f} s (×{figures['cold_over_bare_highs']:.2f}), "
            f"warm {figures['warm_s']:.3f} s (×{figures['warm_over_bare_highs']:.2f})"
        )
    if options.json:
        print(json.dumps({"n_steps": N_STEPS, "repeats": options.repeats, "sizes": results}))


if __name__ == "__main__":
    main()
