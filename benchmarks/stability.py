"""How many setpoints change for no good reason: 200 rolling re-solves with noisy forecasts, with and without the stability terms.

    python benchmarks/stability.py [--ticks 200] [--seeds 0,1,2] [--json]

Both runs are closed loops through the same noise (see `garage`). A change is a first step more than 0.1 kW off what the plan before
had for this very instant. The cost is what the cars add to the building's bill, with wear, what is missing at departures and what
is left in the cars that stay; the building's own bill would hide a difference.
"""

import argparse
import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ["OPENBLAS_NUM_THREADS"] = "1"

from benchmarks.garage import Outcome, drive
from optimizer.exact import ExactPlanner


def compare(with_terms: list[Outcome], without: list[Outcome]) -> dict[str, float]:
    """Return the sums over all seeds, and their ratios."""
    changes, switches = ([sum(getattr(o, name) for o in run) for run in (with_terms, without)] for name in ("changes", "switches"))
    cost, missing = ([sum(getattr(o, name) for o in run) for run in (with_terms, without)] for name in ("cost", "missing_kwh"))
    return {
        "changes_with": changes[0],
        "changes_without": changes[1],
        "ratio": changes[0] / changes[1],
        "cost_ratio": cost[0] / cost[1],
        "switches_with": switches[0],
        "switches_without": switches[1],
        "missing_with_kwh": missing[0],
        "missing_without_kwh": missing[1],
    }


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ticks", type=int, default=200)
    parser.add_argument("--seeds", default="0,1,2", help="numbers separated by commas; 200 re-solves each, figures are summed")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    seeds = [int(seed) for seed in options.seeds.split(",")]
    runs = [[drive(ExactPlanner(), ticks=options.ticks, seed=seed, steady=steady) for seed in seeds] for steady in (True, False)]
    figures = compare(*runs)
    print(
        f"{len(seeds)} × {options.ticks} re-solves: {figures['changes_with']} setpoint changes with the stability terms, "
        f"{figures['changes_without']} without (×{figures['ratio']:.2f}), at ×{figures['cost_ratio']:.4f} of the cost"
    )
    print(f"sent setpoints unlike the one in force: {figures['switches_with']} with, {figures['switches_without']} without")
    if options.json:
        print(json.dumps({"ticks": options.ticks, "seeds": seeds, **figures}))


if __name__ == "__main__":
    main()
