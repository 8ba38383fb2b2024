"""The plain blend that the forecasts are held against: what one builds in an afternoon.

The mean of three quantile forecasts: the last twelve days of the type at each slot; a ridge regression on lags of 1, 2, 7 and 14
days and the calendar; one LightGBM for the median on the same columns. The errors of the last two on the last fifth of the history,
which they did not see, are their quantiles by hour.
"""

from collections.abc import Callable

import lightgbm
import numpy as np

from forecasts.localtime import Calendar
from forecasts.series.frame import Frame, taken
from forecasts.series.series import Series
from v2g.outlook import LEVELS
from v2g.timegrid import Array

LAGS_DAYS = (1, 2, 7, 14)
N_DAYS, KEPT_SHARE, RIDGE, N_TREES = 12, 0.2, 1.0, 200
LONGEST_DAYS = 730
SHAPE = {"objective": "l1", "learning_rate": 0.05, "num_threads": 1, "verbosity": -1, "seed": 1, "deterministic": True}

Predict = Callable[[Array], Array]


def plain_blend(history: Series, calendar: Calendar, n_slots: int) -> Array:
    """Return quantiles of the `n_slots` ≤ one day after `history`, (len(LEVELS), n_slots)."""
    history = history.latest(LONGEST_DAYS * history.n_per_day)
    n = len(history.values)
    frame = Frame.of(history, calendar, n + n_slots)
    rows = _rows(history.values, frame)
    known = np.flatnonzero(np.isfinite(history.values) & np.isfinite(rows[:n]).all(axis=1))
    seen, kept = np.split(known, [int(len(known) * (1 - KEPT_SHARE))])
    future = np.where(np.isfinite(rows[n:]), rows[n:], np.nanmean(rows[known], axis=0))
    told = [_day_types(history.values, frame, n)]
    hours = frame.places * 24 // frame.n_per_day
    for fit in (_ridge, _trees):
        predict = fit(rows[seen], history.values[seen])
        errors = history.values[kept] - predict(rows[kept])
        told.append(predict(future) + _by_hour(errors, hours[kept], hours[n:]))
    return np.maximum.accumulate(np.mean(told, axis=0), axis=0)


def _rows(values: Array, frame: Frame) -> Array:
    turn = 2 * np.pi * frame.places[:, None] / frame.n_per_day * np.arange(1, 5)
    types = frame.types[frame.days + 1][:, None] == np.arange(3)
    lags = np.stack([taken(values, frame.back(days)) for days in LAGS_DAYS], axis=1)
    harmonics = np.concatenate([np.cos(turn), np.sin(turn)], axis=1)
    by_type = (harmonics[:, :, None] * types[:, None, 1:]).reshape(len(lags), -1)
    return np.concatenate([lags, harmonics, types, by_type, frame.weekdays[frame.days + 1][:, None] == np.arange(7)], axis=1)


def _day_types(values: Array, frame: Frame, n: int) -> Array:
    days, types = frame.by_day(values), frame.types[1:-1]
    told = np.full((len(LEVELS), len(frame.days) - n), np.nanmean(values))
    for slot in range(n, len(frame.days)):
        day, place = frame.days[slot], frame.places[slot]
        past = days[:day][types[:day] == types[day], place]
        past = past[np.isfinite(past)][-N_DAYS:]
        if len(past):
            told[:, slot - n] = np.quantile(past, LEVELS)
    return told


def _ridge(rows: Array, values: Array) -> Predict:
    middle, width = rows.mean(axis=0), rows.std(axis=0) + 1e-9
    scaled = (rows - middle) / width
    centre = values.mean()
    coefficients = np.linalg.solve(scaled.T @ scaled + RIDGE * np.eye(rows.shape[1]), scaled.T @ (values - centre))
    return lambda new: centre + (new - middle) / width @ coefficients


def _trees(rows: Array, values: Array) -> Predict:
    shape = {
        "objective": "l1",
        "num_leaves": 31,
        "learning_rate": 0.05,
        "num_threads": 1,
        "verbosity": -1,
        "seed": 1,
        "deterministic": True,
    }
    booster = lightgbm.train(shape, lightgbm.Dataset(rows, values), N_TREES)
    return lambda new: np.asarray(booster.predict(new, num_threads=1))


def _by_hour(errors: Array, hours: Array, wanted: Array) -> Array:
    near = [np.minimum((hours - hour) % 24, (hour - hours) % 24) <= 1 for hour in range(24)]
    table = np.stack([np.quantile(errors[at] if at.any() else errors, LEVELS) for at in near])
    return table[wanted].T
