"""Forecasts on real series, day-ahead, against the weekly naive and the plain blend of the same run; then the fleet's.

    python benchmarks/forecasts.py [--data ../shared/data] [--origins 32] [--series NAME ...] [--part load|fleet] [--short]
                                   [--workers 2] [--json]

Each origin is a local midnight, spread over the last two thirds of a series; a model that was learnt from what is before the last
day, as the daemon's of the night before is, foretells the next day. `rmae` and `rcrps` are relative to the weekly naive;
`last_day_missing` and `last_day_frozen` tell them after a spoilt day, `cold_start.<days>.over_best` the MAE over the best simple
rule's after few days of history. `year` is how long a year of quarter-hours takes, alone on the machine. --short leaves out cold
starts. Series whose files are not there are left out. All takes some
1,100 s of processor time by the sum of its parts: nine minutes on two cores that nobody else needs.
"""

import argparse
import json
import os
import sys
from collections import ChainMap
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np

from benchmarks.forecast_fleet import SOURCES as FLEETS
from benchmarks.forecast_fleet import fleet_figures
from benchmarks.forecast_load import Trial, blended, cold, learned, year
from benchmarks.forecast_sources import DATA, SOURCES

SHORT, ALL = (learned, blended), (learned, blended, cold)
YEAR_OF = "workplace"

Part = Callable[[Trial], dict[str, Any]]


def load_figures(pool: Executor, names: Sequence[str], data: Path, n_origins: int, parts: Sequence[Part]) -> dict[str, Any]:
    """Return the figures of each series, and the means over all."""
    jobs = {name: [pool.submit(_measured, name, data, n_origins, part) for part in parts] for name in names}
    told = {name: dict(ChainMap(*(job.result() for job in of_series))) for name, of_series in jobs.items()}
    return told | _means(told)


def _measured(name: str, data: Path, n_origins: int, part: Part) -> dict[str, Any]:
    figures = part(Trial.of(SOURCES[name], data, n_origins))
    print(name, json.dumps(figures), file=sys.stderr, flush=True)
    return figures


def _means(told: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the means over all series of the forecast, the plain blend and the forecast after spoilt days."""
    beside = ("reference", "last_day_missing", "last_day_frozen")
    own = _mean(list(told.values()))
    return own | {name: _mean([f[name] for f in told.values()]) for name in beside if all(name in f for f in told.values())}


def _mean(figures: Sequence[dict[str, Any]]) -> dict[str, float]:
    return {f"mean_{key}": float(np.mean([f[key] for f in figures])) for key in ("rmae", "rcrps")}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--origins", type=int, default=32)
    parser.add_argument("--series", nargs="*", choices=list(SOURCES), default=list(SOURCES))
    parser.add_argument("--part", choices=("load", "fleet"))
    parser.add_argument("--short", action="store_true", help="without spoilt last days and cold starts")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    figures: dict[str, Any] = {}
    names = [name for name in given.series if SOURCES[name].path(given.data).exists()]
    if given.part != "fleet" and YEAR_OF in names:
        figures["year"] = year(SOURCES[YEAR_OF], given.data)
    with ProcessPoolExecutor(given.workers) as pool:
        fleet = [] if given.part == "load" else [pool.submit(fleet_figures, given.data, (name,)) for name in FLEETS]
        if given.part != "fleet" and names:
            figures["load"] = load_figures(pool, names, given.data, given.origins, SHORT if given.short else ALL)
        if fleet:
            figures["fleet"] = dict(ChainMap(*(job.result() for job in fleet)))
    print(json.dumps(figures) if given.json else json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
