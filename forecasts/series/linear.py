"""The linear learner's view of a row: harmonics of the day by type, days like it by type and hour, fading misses."""

import numpy as np

from forecasts.localtime import DayType
from forecasts.series.features import (
    DAY_MISS,
    LEAD,
    MISSES,
    N_DAY_COLUMNS,
    PLACE,
    SEASON,
    TYPE,
    TYPE_AFTER,
    TYPE_BEFORE,
    WEEK_AGO,
    WEEK_CHANGE,
    WEEKDAY,
    WEEKS_MEAN,
    YESTERDAY,
)
from v2g.timegrid import Array

HARMONICS = 5
FADES_H = (1.0, 4.0, 16.0, np.inf)
"""Time constants by which what was missed at the origin may fade."""
RESTING = (DayType.SATURDAY, DayType.SUNDAY)


def linear_rows(rows: Array) -> Array:
    """Return rows (n, n_columns) as the regression takes them, all finite, (n, m)."""
    rows = np.nan_to_num(rows)
    turn = 2 * np.pi * rows[:, [PLACE]] * np.arange(1, HARMONICS + 1)
    harmonics = np.concatenate([np.cos(turn), np.sin(turn)], axis=1)
    alike = rows[:, [WEEKS_MEAN, YESTERDAY, WEEK_AGO]]
    types = np.stack([rows[:, TYPE] == day_type for day_type in RESTING], axis=1)
    weekdays = rows[:, [WEEKDAY]] == np.arange(7)
    beside = np.concatenate([rows[:, [TYPE_BEFORE]] == RESTING, rows[:, [TYPE_AFTER]] == RESTING], axis=1)
    working = rows[:, [TYPE]] == DayType.WORKDAY
    fading = np.exp(-24.0 * rows[:, [LEAD]] / np.array(FADES_H))
    parts = [
        rows[:, :N_DAY_COLUMNS],
        harmonics,
        _products(harmonics, types),
        types,
        weekdays * working,
        beside * working,
        _products(rows[:, MISSES], fading),
        _products(alike, harmonics[:, [0, HARMONICS]]),
        _products(alike, types),
        rows[:, SEASON],
        rows[:, [WEEK_CHANGE]],
        rows[:, LEAD + 1 :],
        rows[:, [DAY_MISS]] * working,
    ]
    return np.concatenate(parts, axis=1).astype(np.float64)


def _products(left: Array, right: Array) -> Array:
    """Return each column of `left` (n, k) times each of `right` (n, m), (n, k·m)."""
    return np.asarray((left[:, :, None] * right[:, None, :]).reshape(len(left), -1))
