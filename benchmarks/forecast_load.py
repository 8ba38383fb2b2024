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
from forecasts.backtest import MEDIAN, Forecast, Scores, backtest, spread_origins, weekly_naive
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
COLD_ORIGINS = 96
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


def learned(trial: Trial) -> dict[str, Any]:
    """Return the figures of models learnt the day before each origin, as the daemon's are, and those after that day was spoilt.

    Also how long learning and telling take on one thread [s], and how many quantiles cross.
    """
    models, fit_s = {}, []
    for origin in trial.origins:
        began_s = time.process_time()
        models[origin] = SeriesModel(trial.calendar).fit(trial.series.before(origin - trial.series.n_per_day))
        fit_s.append(time.process_time() - began_s)
    as_it_is, missing, frozen = (Learnt(models=models, spoil=spoil) for spoil in (_left, _missing, _frozen))
    figures = trial.relative(as_it_is) | {"crossings": as_it_is.crossings, "fit_cpu_s": float(np.median(fit_s))}
    figures["predict_cpu_s"] = float(np.median(as_it_is.predict_s))
    return figures | {"last_day_missing": trial.relative(missing), "last_day_frozen": trial.relative(frozen)}


@dataclass(slots=True, kw_only=True)
class Learnt:
    """Tells what `models`, by origin, tell after `spoil` has changed the last day of a history; notes how long it takes [s]."""

    models: Mapping[int, Any]
    spoil: Callable[[Array, int], None]
    predict_s: list[float] = field(default_factory=list)
    crossings: int = 0

    def __call__(self, history: Series, n_slots: int) -> Array:
        """Return the quantiles of the slots after `history`, (len(LEVELS), n_slots)."""
        values = history.values.copy()
        self.spoil(values, history.n_per_day)
        began_s = time.process_time()
        told: Array = self.models[len(values)].quantiles(replace(history, values=values), n_slots)
        self.predict_s.append(time.process_time() - began_s)
        self.crossings += int((np.diff(told, axis=0) < 0).sum())
        return told


def _left(_values: Array, _day: int) -> None:
    pass


def _missing(values: Array, day: int) -> None:
    values[-day:] = np.nan


def _frozen(values: Array, day: int) -> None:
    values[-day:] = values[-day]


def blended(trial: Trial) -> dict[str, Any]:
    """Return the figures of the plain blend."""
    return {"reference": trial.relative(lambda history, n: plain_blend(history, trial.calendar, n))}


def cold(trial: Trial) -> dict[str, Any]:
    """Return the MAE after few days of history over that of the simple rule that proved best, from more origins than others.

    From 32 a single day may decide: one Sunday of August 2022 is a sixth of the price's errors.
    """
    origins = spread_origins(trial.series, trial.calendar, COLD_ORIGINS, least_days=LEAST_DAYS, n_slots=trial.series.n_per_day)
    trial = replace(trial, origins=origins)
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
    n, missed = trial.series.n_per_day, []
    for origin in trial.origins:
        history = trial.series.before(origin).latest(days * n)
        if np.isfinite(history.values).any():
            told = SeriesModel(trial.calendar).fit(history).quantiles(history, n)[MEDIAN]
            missed.append(np.abs(trial.series.values[origin : origin + n] - np.vstack([told, _rules(history, trial.calendar)])))
    model, *rules = np.nanmean(np.concatenate(missed, axis=1), axis=1).tolist()
    return {"over_best": model / min(rules), **dict(zip(RULES, rules, strict=True))}


def _rules(history: Series, calendar: Calendar) -> Array:
    """Return what each rule tells of the day after `history`, a column of a row, or the centre where it knows nothing."""
    n = len(history.values)
    columns = make_columns(history, Frame.of(history, calendar, n + history.n_per_day))
    return np.asarray(columns.centre[0, n:] + np.nan_to_num(columns.of_days[0, list(RULES.values()), n:]))


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
