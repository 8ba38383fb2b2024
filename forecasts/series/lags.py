"""What earlier days tell of a slot, by how many days back is the latest day that is known.

A slot that is forecast less than a day ahead may use the day before it; one that comes up to two days ahead, only the day before
that. So each column is made once for every *reach* (days back of the latest known day), for all slots at once.
"""

import numpy as np

from forecasts.localtime import DayType, Ints
from forecasts.series.frame import Frame, taken
from v2g.timegrid import Array

WEEK = 7
FEW, MANY = 4, 12
"""Days of a type that are averaged."""


def same_type_means(days: Array, frame: Frame, n: int, reach: int) -> Array:
    """Return the mean over the last `n` days of a slot's type that lie `reach` days back or more, (len(frame.days),).

    `days` is (n_days, n_per_day).
    """
    means = np.full(len(frame.days), np.nan)
    types = frame.types[1:-1]
    for day_type in DayType:
        rows = np.flatnonzero(types == day_type)
        mine = types[frame.days] == day_type
        if not len(rows) or not mine.any():
            continue
        last = np.searchsorted(rows, frame.days[mine] - reach, side="right")
        means[mine] = rolling_means(days[rows], n)[last, frame.places[mine]]
    return means


def rolling_means(rows: Array, n: int) -> Array:
    """Return the mean of the known among the `n` rows before each, row 0 before any, NaN where none is, (len(rows) + 1, m)."""
    zero = np.zeros((1, rows.shape[1]))
    sums = np.vstack([zero, np.cumsum(np.nan_to_num(rows), axis=0)])
    counts = np.vstack([zero, np.cumsum(np.isfinite(rows), axis=0)])
    first = np.maximum(np.arange(len(sums)) - n, 0)
    number = counts - counts[first]
    return np.asarray(np.divide(sums - sums[first], number, out=np.full(sums.shape, np.nan), where=number > 0))


def smooth(values: Array, half_width: int) -> Array:
    """Return the mean of the known within `half_width` slots of each, NaN where none is, (n,)."""
    known = np.isfinite(values)
    sums = np.concatenate([[0.0], np.cumsum(np.where(known, values, 0.0))])
    counts = np.concatenate([[0], np.cumsum(known)])
    low = np.maximum(np.arange(len(values)) - half_width, 0)
    high = np.minimum(np.arange(len(values)) + half_width + 1, len(values))
    number = counts[high] - counts[low]
    return np.asarray(np.divide(sums[high] - sums[low], number, out=np.full(len(values), np.nan), where=number > 0))


def trailing(values: Array, width: int) -> Array:
    """Return the mean of the known among the `width` slots before each, NaN where fewer than half are, (n + 1,)."""
    known = np.isfinite(values)
    sums = np.concatenate([[0.0], np.cumsum(np.where(known, values, 0.0))])
    counts = np.concatenate([[0], np.cumsum(known)])
    low = np.maximum(np.arange(len(sums)) - width, 0)
    number = counts - counts[low]
    return np.asarray(np.divide(sums - sums[low], number, out=np.full(len(sums), np.nan), where=number >= 0.5 * width))


def weeks_mean(values: Array, frame: Frame, n_weeks: int, reach: int) -> Array:
    """Return the mean of the same time on the same weekday of `n_weeks` weeks, `reach` days back or more, (n,)."""
    first = -(-reach // WEEK)
    rows = np.stack([taken(values, frame.back(WEEK * week)) for week in range(first, first + n_weeks)])
    number = np.isfinite(rows).sum(axis=0)
    return np.asarray(np.divide(np.nansum(rows, axis=0), number, out=np.full(rows.shape[1], np.nan), where=number > 0))


def reach_of(lead: Ints, n_per_day: int) -> Ints:
    """Return how many days back the latest known day is for slots `lead` slots after the first unknown one."""
    return np.asarray(lead // n_per_day + 1)
