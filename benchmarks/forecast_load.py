"""How well series are foretold a day ahead: against the plain blend, after a spoilt day, and when little is known yet.

All figures are of the same origins, local midnights spread over the last two thirds of a series, and relative to the weekly naive.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.forecast_reference import plain_blend
from benchmarks.forecast_sources import Source, read
from forecasts.backtest import Forecast, Scores, backtest, spread_origins, weekly_naive
from forecasts.localtime import Calendar
from forecasts.profile import Prior
from forecasts.series.features import ANY_MEAN, LAST_OF_TYPE, TYPE_MEAN, WEEK_AGO, YESTERDAY, make_columns
from forecasts.series.frame import Frame
from forecasts.series.model import SeriesModel
from forecasts.series.series import Series
from v2g.outlook import LEVELS
from v2g.timegrid import Array

LEAST_DAYS = 29
COLD_DAYS = (1, 3, 7, 14)
YEAR_DAYS, TWO_DAYS = 365, 2
RULES = {"type_mean": TYPE_MEAN, "last_of_type": LAST_OF_TYPE, "yesterday": YESTERDAY, "week_ago": WEEK_AGO, "any_mean": ANY_MEAN}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trial:
    """A series, its calendar, and the origins it is foretold from, each for the day after."""

    series: Series
    calendar: Calendar
    origins: list[int]

    @classmethod
    def of(cls, source: Source, data: Path, n_origins: int) -> "Trial":
        """Return the trial of a source in the folder `data`."""
        series, calendar = read(source, data), source.calendar
        origins = spread_origins(series, calendar, n_origins, least_days=LEAST_DAYS, n_slots=series.n_per_day)
        return cls(series=series, calendar=calendar, origins=origins)

    def scores(self, forecast: Forecast) -> Scores:
        """Return the scores of a forecast of the day after each origin."""
        return backtest(self.series, self.origins, self.series.n_per_day, forecast)

    def relative(self, forecast: Forecast) -> dict[str, float]:
        """Return a forecast's errors over the weekly naive's, and its coverage."""
        scores, naive = self.scores(forecast), self.scores(weekly_naive)
        rcrps = scores.mean_crps / naive.mean_crps
        return {"rmae": scores.mae / naive.mae, "rcrps": rcrps, "coverage80": scores.coverage80}


@dataclass(slots=True, kw_only=True)
class Learning:
    """The forecast under test, learnt anew at each origin; notes the processor seconds [s] that it took, on one thread."""

    calendar: Calendar
    fit_s: list[float] = field(default_factory=list)
    predict_s: list[float] = field(default_factory=list)
    crossings: int = 0

    def __call__(self, history: Series, n_slots: int) -> Array:
        """Return the quantiles of the slots after `history`, (len(LEVELS), n_slots)."""
        began_s = time.process_time()
        fitted = SeriesModel(self.calendar).fit(history)
        fitted_s = time.process_time()
        told = fitted.quantiles(history, n_slots)
        self.fit_s.append(fitted_s - began_s)
        self.predict_s.append(time.process_time() - fitted_s)
        self.crossings += int((np.diff(told, axis=0) < 0).sum())
        return told


def ahead(trial: Trial) -> dict[str, Any]:
    """Return the figures of the forecast, how long it takes, and how many of its quantiles cross."""
    model = Learning(calendar=trial.calendar)
    figures = trial.relative(model)
    times = {"fit_cpu_s": float(np.median(model.fit_s)), "predict_cpu_s": float(np.median(model.predict_s))}
    return {**figures, "crossings": model.crossings, **times}


def blended(trial: Trial) -> dict[str, Any]:
    """Return the figures of the plain blend."""
    return {"reference": trial.relative(lambda history, n: plain_blend(history, trial.calendar, n))}


def spoilt(trial: Trial) -> dict[str, Any]:
    """Return the figures where a history's last day is missing or frozen, by models that were learnt the day before."""
    day = trial.series.n_per_day
    learned = {n: SeriesModel(trial.calendar).fit(trial.series.before(n - day)) for n in trial.origins}

    def after(spoil: Callable[[Array, int], None]) -> Forecast:
        def told(history: Series, n_slots: int) -> Array:
            values = history.values.copy()
            spoil(values, day)
            return learned[len(values)].quantiles(replace(history, values=values), n_slots)

        return told

    return {"last_day_missing": trial.relative(after(_missing)), "last_day_frozen": trial.relative(after(_frozen))}


def _missing(values: Array, day: int) -> None:
    values[-day:] = np.nan


def _frozen(values: Array, day: int) -> None:
    values[-day:] = values[-day]


def cold(trial: Trial) -> dict[str, Any]:
    """Return the MAE after few days of history over that of the simple rule that proved best."""
    return {"cold_start": {"0": _nothing_known(trial)} | {str(days): _little_known(trial, days) for days in COLD_DAYS}}


def _nothing_known(trial: Trial) -> dict[str, float]:
    """Return it where nothing but a range is known: the 5–95 % of the series; the rule is its middle."""
    low, high = np.nanquantile(trial.series.values, [0.05, 0.95])
    model, middle = SeriesModel(trial.calendar, prior=Prior(low=low, high=high)), 0.5 * (low + high)
    maes = {
        "model": trial.scores(lambda history, n: model.fit(history.latest(0)).quantiles(history.latest(0), n)).mae,
        "middle": trial.scores(lambda _history, n: np.full((len(LEVELS), n), middle)).mae,
    }
    return {"over_best": maes["model"] / maes["middle"], "middle": maes["middle"]}


def _little_known(trial: Trial, days: int) -> dict[str, float]:
    forecasts: Mapping[str, Forecast] = {
        "model": Learning(calendar=trial.calendar),
        **{name: _rule(trial.calendar, index) for name, index in RULES.items()},
    }
    maes = {name: trial.scores(_shortened(forecast, days)).mae for name, forecast in forecasts.items()}
    model = maes.pop("model")
    return {"over_best": model / min(maes.values()), **maes}


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


def year(source: Source, data: Path) -> dict[str, float]:
    """Return how long a year of a source takes to learn, and two days of it to foretell [s]."""
    series = read(source, data)
    history = series.latest(YEAR_DAYS * series.n_per_day)
    began_s = time.perf_counter()
    fitted = SeriesModel(source.calendar).fit(history)
    fitted_s = time.perf_counter()
    fitted.quantiles(history, TWO_DAYS * series.n_per_day)
    told_s = time.perf_counter()
    return {"slots": len(history.values), "fit_s": fitted_s - began_s, "predict_s": told_s - fitted_s}
