"""The planner's whole solve step in steady rolling operation against bare HiGHS on the same matrices, side by side in one run.

    python benchmarks/optimizer.py [--sizes 50,200,1000] [--repeats 5] [--json]

Exact: a planner that has planned before is given the next tick's problem (see `measuring.rolling`); stating it as arrays, patching,
all solves (ties and stability included), extraction and verification. It is held against two runs of HiGHS alone, with its default
options, on the very arrays of the same problem, of which only the run is timed, not handing the arrays over:

- `exact_over_bare_highs`: a new HiGHS, cold. It flatters the planner, which starts warm.
- `exact_over_warm_highs`: a HiGHS that starts from the optimal basis of the tick before, carried over to new steps as the planner
  does it. What is above 1 is the planner's own work.

One thread throughout, as in the solver process.
"""

import argparse
import json
import os
import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ["OPENBLAS_NUM_THREADS"] = "1"

from benchmarks.measuring import bare_s, bare_warm_s, rolling
from optimizer.exact import ExactPlanner

N_STEPS = 96
RATIOS = ("exact_over_bare_highs", "exact_over_warm_highs")


def measure(n: int, repeats: int) -> dict[str, float]:
    """Return medians for `n` cars [s], and the ratios to bare HiGHS."""
    runs = list(rolling(ExactPlanner(), n, N_STEPS, repeats + 1))
    problems = [problem for problem, _ in runs]
    exact_s = statistics.median(seconds for _, seconds in runs[1:])
    bare_median_s = statistics.median(map(bare_s, problems[1:]))
    warm_median_s = statistics.median(map(bare_warm_s, problems, problems[1:]))
    return {
        "exact_s": exact_s,
        "bare_highs_s": bare_median_s,
        "bare_highs_warm_s": warm_median_s,
        "exact_over_bare_highs": exact_s / bare_median_s,
        "exact_over_warm_highs": exact_s / warm_median_s,
    }


def main() -> None:
    """Print the figures of each size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", default="50,200,1000", help="numbers of cars, separated by commas")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    results = {}
    for n in map(int, options.sizes.split(",")):
        figures = results[n] = measure(n, options.repeats)
        print(
            f"{n} EVs × {N_STEPS} steps: exact {figures['exact_s']:.3f} s, "
            f"bare HiGHS {figures['bare_highs_s']:.3f} s (×{figures['exact_over_bare_highs']:.2f}), "
            f"bare and warm {figures['bare_highs_warm_s']:.3f} s (×{figures['exact_over_warm_highs']:.2f})",
            flush=True,
        )
    if options.json:
        ratios = {name: {n: figures[name] for n, figures in results.items()} for name in RATIOS}
        print(json.dumps({"n_steps": N_STEPS, "repeats": options.repeats, **ratios, "sizes": results}))


if __name__ == "__main__":
    main()
