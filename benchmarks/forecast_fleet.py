"""The fleet's forecasts on real sessions, beside the mean of a weighted kernel and LightGBM quantiles of the same run.

    python benchmarks/forecast_fleet.py [--data ../shared/data] [--files NAME ...] [--json]

The models learn from the visits that ended before the last 30 % began, and foretell these when each is plugged in; of others they
are told what had ended by then. Daily arrivals are foretold at midnight over the last 40 % of the days. The CRPS is twice the mean
pinball loss over the levels of quantiles, weighed by what lies between them. Files that are not there are left out.
"""

import argparse
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import holidays
import numpy as np
import pandas as pd

from benchmarks.fleet_reference import reference
from forecasts.departures import LEVEL_WEIGHTS
from forecasts.fleet import curves
from forecasts.fleet.counts import HOURS, DayCounts
from forecasts.fleet.stays import LEARNED, LEVEL_ARRAY, StayModel, fit_stays
from forecasts.fleet.visits import Visits, columns
from forecasts.localtime import DAY_S, Calendar, local_s
from v2g.timegrid import Array

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
LEARNED_SHARE, COUNTED_SHARE = 0.7, 0.6
STILL_HERE_H = (4.0, 8.0, 12.0)
COUNT_DAYS = 120
LOW, MEDIAN, HIGH = 1, 3, 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file of sessions, where its drivers live, and the names of its columns that not all files have."""

    file: str
    time_zone: str
    country: str


SOURCES = {
    "jpl": Source(file="sessions_workplace_jpl", time_zone="America/Los_Angeles", country="US"),
    "norway": Source(file="sessions_apartments_norway", time_zone="Europe/Oslo", country="NO"),
    "caltech": Source(file="sessions_workplace_caltech", time_zone="America/Los_Angeles", country="US"),
}


def fleet_figures(data: Path = DATA, names: tuple[str, ...] = tuple(SOURCES)) -> dict[str, Any]:
    """Return the figures of each file of `names` that `data` holds, by its name."""
    return {SOURCES[name].file: _figures(SOURCES[name], data) for name in names if _path(SOURCES[name], data).exists()}


def _figures(source: Source, data: Path) -> dict[str, Any]:
    calendar = Calendar(time_zone=source.time_zone, holidays=holidays.country_holidays(source.country))
    visits = read_visits(_path(source, data), calendar)
    split_h = visits.begin_h[int(LEARNED_SHARE * len(visits))]
    past, cars = visits.by_end(), visits.take(visits.begin_h >= split_h)
    learned = past.take(past.left_h <= split_h)
    began_s = time.process_time()
    model = fit_stays(learned)
    fit_s = time.process_time() - began_s
    if model is None:
        return {"visits": len(visits)}
    began_s = time.process_time()
    figures = _stays(model, past, cars)
    predict_s = time.process_time() - began_s
    shares = {"fit_cpu_s": fit_s, "predict_cpu_ms_per_car": 1e3 * predict_s / len(cars)}
    beside = learned.take(slice(max(len(learned) - LEARNED, 0), None))
    told = {name: reference(past, beside, cars, name) for name in ("stay_h", "energy_kwh")}
    figures |= shares | _arrivals(visits, calendar) | {"reference": _scores(told["stay_h"], told["energy_kwh"], cars)}
    return {"visits": len(visits), "foretold": len(cars), **figures}


def _stays(model: StayModel, past: Visits, cars: Visits) -> dict[str, Any]:
    told = model.forecast(cars, past)
    nothing = np.zeros(len(cars))
    stays = curves.given(told.stay_edges, told.stay_cdf, nothing, LEVEL_ARRAY)
    still = {}
    for passed_h in STILL_HERE_H:
        here = cars.stay_h > passed_h
        if here.any():
            left = curves.given(told.stay_edges, told.stay_cdf[here], np.full(here.sum(), passed_h), LEVEL_ARRAY)
            still[f"{passed_h:g}h"] = {"n": int(here.sum()), **_score(left, cars.stay_h[here], "mae_h")}
    return _scores(stays, told.needs_kwh(nothing), cars) | {"still_here": still}


def _scores(stays: Array, energies: Array, cars: Visits) -> dict[str, float]:
    stay, energy = _score(stays, cars.stay_h, "mae_h"), _score(energies, cars.energy_kwh, "mae_kwh")
    joined = {f"stay_{k}": v for k, v in stay.items()} | {f"energy_{k}": v for k, v in energy.items()}
    return joined | {"coverage80": stay["coverage80"]}


def _score(told: Array, came: Array, mae: str) -> dict[str, float]:
    return {
        mae: float(np.abs(told[:, MEDIAN] - came).mean()),
        "crps": 2.0 * float((curves.pinball(told, came, LEVEL_ARRAY) @ LEVEL_WEIGHTS).mean()),
        "coverage80": float(((told[:, LOW] <= came) & (came <= told[:, HIGH])).mean()),
    }


def _arrivals(visits: Visits, calendar: Calendar) -> dict[str, float]:
    """Return how daily arrivals are foretold from the days before."""
    local = local_s((visits.begin_h * 3600.0).astype(np.int64), calendar.time_zone)
    day, hour = local // DAY_S, local % DAY_S // 3600
    first = int(day.min()) + 1
    arrivals = np.zeros((int(day.max()) - first, HOURS))
    whole = (day >= first) & (day < day.max())
    np.add.at(arrivals, (day[whole] - first, hour[whole]), 1.0)
    told = []
    for d in range(int(COUNTED_SHARE * len(arrivals)), len(arrivals)):
        begin = max(d - COUNT_DAYS, 0)
        before = DayCounts(calendar=calendar, first=first + begin, arrivals=arrivals[begin:d])
        told.append(before.day_model().quantiles(before.expected(np.array([first + d])).sum(axis=1), LEVEL_ARRAY)[0])
    return {f"arrivals_{k}": v for k, v in _score(np.array(told), arrivals[-len(told) :].sum(axis=1), "mae").items()}


def read_visits(path: Path, calendar: Calendar) -> Visits:
    """Return the sessions of a file, in the order in which they came; what nobody claimed was not stated either."""
    table = pd.read_csv(path, parse_dates=["plug_in", "plug_out"]).sort_values("plug_in", kind="stable")
    unknown = pd.Series(np.nan, index=table.index)
    claimed = table.get("claimed", pd.Series(True, index=table.index)).astype(bool)
    stated = pd.to_datetime(table["stated_departure"]) if "stated_departure" in table else None
    return columns(
        calendar,
        begin_s=_seconds(table["plug_in"]),
        left_s=_seconds(table["plug_out"]),
        drivers=table["user"].astype(str).tolist() if "user" in table else [""] * len(table),
        stated_s=np.full(len(table), np.nan) if stated is None else np.where(claimed, _seconds(stated), np.nan),
        requested_kwh=np.asarray(table.get("requested_kwh", unknown).where(claimed), dtype=np.float64),
        energy_kwh=np.asarray(table["energy_kwh"], dtype=np.float64),
    )


def _seconds(instants: "pd.Series[Any]") -> Array:
    return np.asarray((instants - pd.Timestamp(0, tz="UTC")).dt.total_seconds(), dtype=np.float64)


def _path(source: Source, data: Path) -> Path:
    return data / f"{source.file}.csv.gz"


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--files", nargs="+", choices=list(SOURCES), default=list(SOURCES))
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    found = fleet_figures(given.data, tuple(given.files))
    if given.json:
        print(json.dumps(found, indent=2))
        return
    for name, figures in found.items():
        beside = figures.get("reference", {})
        print(
            name,
            *(f"  {k} {v:.3f}" + (f"  (reference {beside[k]:.3f})" if k in beside else "") for k, v in _plain(figures)),
            sep="\n",
        )


def _plain(figures: dict[str, Any]) -> list[tuple[str, float]]:
    still = {f"still here after {k}: coverage80": v["coverage80"] for k, v in figures.get("still_here", {}).items()}
    return list(({k: v for k, v in figures.items() if isinstance(v, int | float)} | still).items())


if __name__ == "__main__":
    main()
