"""Forecasts on real series, day-ahead, against the weekly naive and the plain blend of the same run; then the fleet's.

    python benchmarks/forecasts.py [--data ../shared/data] [--origins 32] [--series NAME ...] [--part load|fleet] [--all] [--json]

From each of the origins, local midnights spread over the last two thirds of a series, a model is fitted to what is before it and
foretells the next day. `rmae` and `rcrps` are relative to the weekly naive. With --all also: the last day missing or frozen, and
cold starts, `cold_start.<days>.<series>` beside the best simple rule's MAE. Series whose files are not there are left out.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import holidays
import numpy as np

from adapters.series.series import SeriesKind, read_series
from adapters.series.sessions import read_sessions
from benchmarks.forecast_fleet import fleet_figures
from benchmarks.forecast_reference import plain_blend
from forecasts.backtest import Forecast, Scores, backtest, spread_origins, weekly_naive
from forecasts.localtime import Calendar
from forecasts.series.features import ANY_MEAN, LAST_OF_TYPE, TYPE_MEAN, WEEK_AGO, YESTERDAY, make_columns
from forecasts.series.frame import Frame
from forecasts.series.model import SeriesModel
from forecasts.series.series import Series
from v2g.outlook import LEVELS
from v2g.timegrid import Array

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
LEAST_DAYS = 29
COLD_DAYS = (1, 3, 7, 14)
HOUR_S, SLOT_S = 3600, 900
CAR_KW = 6.6
RULES = {"type_mean": TYPE_MEAN, "last_of_type": LAST_OF_TYPE, "yesterday": YESTERDAY, "week_ago": WEEK_AGO, "any_mean": ANY_MEAN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file, what it holds, and the calendar of its place."""

    file: str
    kind: SeriesKind | None
    time_zone: str
    country: str

    @property
    def calendar(self) -> Calendar:
        """The local days, with the country's holidays."""
        return Calendar(time_zone=self.time_zone, holidays=holidays.country_holidays(self.country))


SOURCES = {
    "factory": Source(file="load_steel_plant_15min", kind=SeriesKind.LOAD, time_zone="Asia/Seoul", country="KR"),
    "office": Source(file="load_office_1h", kind=SeriesKind.LOAD, time_zone="Europe/London", country="GB"),
    "household": Source(file="load_pv_household_30min", kind=SeriesKind.LOAD, time_zone="Europe/Paris", country="FR"),
    "grid_point": Source(file="load_grid_point_15min", kind=SeriesKind.LOAD, time_zone="Europe/Amsterdam", country="NL"),
    "workplace": Source(file="sessions_workplace_jpl", kind=None, time_zone="America/Los_Angeles", country="US"),
    "price": Source(file="price_dayahead_nl_1h", kind=SeriesKind.PRICE, time_zone="Europe/Amsterdam", country="NL"),
}


def read(source: Source, data: Path) -> Series:
    """Return a source's series; sessions as the load they were, each spread evenly over its stay."""
    path = data / f"{source.file}.csv.gz"
    if source.kind is None:
        return load_of_sessions(path)
    told = read_series(path, kind=source.kind)
    return Series(start_s=told.start_s, slot_s=told.step_s, values=told.values)


def load_of_sessions(path: Path) -> Series:
    """Return the mean load [kW] of each quarter-hour if each car charges at `CAR_KW` from its arrival, or faster if it must."""
    rows = read_sessions(path)
    begins = np.array([row.plug_in.timestamp() for row in rows])
    stays_h = np.array([row.plug_out.timestamp() for row in rows]) / HOUR_S - begins / HOUR_S
    energy_kwh = np.array([row.energy_kwh for row in rows])
    power_kw = np.maximum(energy_kwh / stays_h, CAR_KW)
    events_s = np.concatenate([begins, begins + HOUR_S * energy_kwh / power_kw])
    order = np.argsort(events_s)
    load_kw = np.cumsum(np.concatenate([power_kw, -power_kw])[order])
    taken_kwh = np.concatenate([[0.0], np.cumsum(load_kw[:-1] * np.diff(events_s[order]) / HOUR_S)])
    edges_s = np.arange(events_s.min() // SLOT_S, events_s.max() // SLOT_S + 2) * SLOT_S
    values = np.diff(np.interp(edges_s, events_s[order], taken_kwh)) * HOUR_S / SLOT_S
    return Series(start_s=int(edges_s[0]), slot_s=SLOT_S, values=np.maximum(values, 0.0))


def load_figures(sources: Mapping[str, Source], data: Path, n_origins: int, *, everything: bool) -> dict[str, Any]:
    """Return the figures of each series, and the means over all."""
    told = {}
    for name, source in sources.items():
        told[name] = _figures(source, data, n_origins, everything=everything)
        print(name, json.dumps(told[name]), file=sys.stderr, flush=True)
    means = {f"mean_{key}": float(np.mean([figures[key] for figures in told.values()])) for key in ("rmae", "rcrps")}
    blend = {f"mean_{key}": float(np.mean([f["reference"][key] for f in told.values()])) for key in ("rmae", "rcrps")}
    return told | means | {"reference": blend}


def _figures(source: Source, data: Path, n_origins: int, *, everything: bool) -> dict[str, Any]:
    series, calendar = read(source, data), source.calendar
    day = series.n_per_day
    origins = spread_origins(series, calendar, n_origins, least_days=LEAST_DAYS, n_slots=day)
    naive = backtest(series, origins, day, weekly_naive)
    seconds: dict[str, list[float]] = {"fit_cpu_s": [], "predict_cpu_s": []}
    model = _learning(calendar, seconds)
    figures = _against(backtest(series, origins, day, model), naive) | {name: float(np.median(s)) for name, s in seconds.items()}
    blend = backtest(series, origins, day, lambda history, n: plain_blend(history, calendar, n))
    figures["reference"] = _against(blend, naive)
    if everything:
        for name, spoil in (("missing", _missing), ("frozen", _frozen)):
            figures[f"last_day_{name}"] = _against(backtest(series, origins, day, _spoilt(model, spoil)), naive)
        figures["cold_start"] = {str(days): _cold(series, calendar, origins, days) for days in COLD_DAYS}
    return figures


def _learning(calendar: Calendar, seconds: dict[str, list[float]]) -> Forecast:
    """Return the forecast under test, which notes the processor seconds [s] that it took, on one thread."""

    def forecast(history: Series, n_slots: int) -> Array:
        began = time.process_time()
        fitted = SeriesModel(calendar).fit(history)
        fitted_at = time.process_time()
        told = fitted.quantiles(history, n_slots)
        seconds["fit_cpu_s"].append(fitted_at - began)
        seconds["predict_cpu_s"].append(time.process_time() - fitted_at)
        return told

    return forecast


def _against(scores: Scores, naive: Scores) -> dict[str, float]:
    return {"rmae": scores.mae / naive.mae, "rcrps": scores.mean_crps / naive.mean_crps, "coverage80": scores.coverage80}


def _spoilt(forecast: Forecast, spoil: Callable[[Array, int], None]) -> Forecast:
    """Return a forecast whose history's last day is spoilt."""

    def told(history: Series, n_slots: int) -> Array:
        values = history.values.copy()
        spoil(values, history.n_per_day)
        return forecast(replace(history, values=values), n_slots)

    return told


def _missing(values: Array, day: int) -> None:
    values[-day:] = np.nan


def _frozen(values: Array, day: int) -> None:
    values[-day:] = values[-day]


def _cold(series: Series, calendar: Calendar, origins: list[int], days: int) -> dict[str, float]:
    """Return the MAE after `days` of history over that of the simple rule that proved best, and which it was."""
    day = series.n_per_day
    model = _learning(calendar, {"fit_cpu_s": [], "predict_cpu_s": []})
    rules = {name: _rule(calendar, index) for name, index in RULES.items()}
    maes = {name: backtest(series, origins, day, _shortened(rule, days)).mae for name, rule in {"model": model, **rules}.items()}
    best = min(rules, key=lambda name: maes[name])
    return {"over_best": maes["model"] / maes[best], **{name: maes[name] for name in rules}}


def _shortened(forecast: Forecast, days: int) -> Forecast:
    return lambda history, n_slots: forecast(history.latest(days * history.n_per_day), n_slots)


def _rule(calendar: Calendar, index: int) -> Forecast:
    """Return the forecast that is one column of a row, or the centre where it tells nothing."""

    def told(history: Series, n_slots: int) -> Array:
        n = len(history.values)
        columns = make_columns(history, Frame.of(history, calendar, n + n_slots))
        point = columns.centre[0, n:] + np.nan_to_num(columns.of_days[0, index, n:])
        return np.repeat(point[None, :], len(LEVELS), axis=0)

    return told


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--origins", type=int, default=32)
    parser.add_argument("--series", nargs="*", choices=list(SOURCES), default=list(SOURCES))
    parser.add_argument("--part", choices=("load", "fleet"))
    parser.add_argument("--all", action="store_true", help="also spoilt last days and cold starts")
    parser.add_argument("--json", action="store_true")
    told = parser.parse_args()
    figures: dict[str, Any] = {}
    if told.part != "fleet":
        sources = {name: SOURCES[name] for name in told.series if (told.data / f"{SOURCES[name].file}.csv.gz").exists()}
        figures["load"] = load_figures(sources, told.data, told.origins, everything=told.all) if sources else {}
    if told.part != "load":
        figures["fleet"] = fleet_figures(told.data)
    print(json.dumps(figures) if told.json else json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
