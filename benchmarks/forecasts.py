"""Forecasts on real series, day-ahead, against the weekly naive and the plain blend of the same run; then the fleet's.

    python benchmarks/forecasts.py [--data ../shared/data] [--origins 32] [--series NAME ...] [--part load|fleet] [--short]
                                   [--workers 2] [--json]

From each of the origins, local midnights spread over the last two thirds of a series, a model is fitted to what is before it and
foretells the next day. `rmae` and `rcrps` are relative to the weekly naive; `last_day_missing` and `last_day_frozen` tell them
after a spoilt day, `cold_start.<days>.over_best` the MAE over the best simple rule's after few days of history. `year` is how long
a year of quarter-hours takes, alone on the machine. --short leaves out spoilt days and cold starts. Series whose files are not
there are left out. All takes about 20 minutes on two cores, --short ten.
"""

import argparse
import json
import os
import sys
from collections import ChainMap
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np

from benchmarks.forecast_fleet import fleet_figures
from benchmarks.forecast_load import Trial, ahead, blended, cold, spoilt, year
from benchmarks.forecast_sources import DATA, SOURCES

SHORT, ALL = (ahead, blended), (ahead, spoilt, blended, cold)
YEAR_OF = "workplace"

Part = Callable[[Trial], dict[str, Any]]


def load_figures(names: Sequence[str], data: Path, n_origins: int, parts: Sequence[Part], n_workers: int) -> dict[str, Any]:
    """Return the figures of each series, and the means over all."""
    with ProcessPoolExecutor(n_workers) as pool:
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
    if given.part != "fleet" and names:
        figures["year"] = year(SOURCES[YEAR_OF], given.data) if YEAR_OF in names else {}
        parts = SHORT if given.short else ALL
        figures["load"] = load_figures(names, given.data, given.origins, parts, given.workers)
    if given.part != "load":
        figures["fleet"] = fleet_figures(given.data)
    print(json.dumps(figures) if given.json else json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
