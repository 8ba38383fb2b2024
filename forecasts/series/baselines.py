"""Simple opinions, and their blend: what a forecast rests on before there is enough to learn from.

All are told from the centre, which is the mean of the last four days of the type: yesterday, the same weekday, the last day of the
type, the mean of any seven days; the first and the last also without days of another type; and the centre moved by half of what the
last day missed. Each is a column or two of a row.
"""

import numpy as np

from forecasts.localtime import Ints
from forecasts.series.features import ANY_ALIKE, ANY_MEAN, DAY_MISS, LAST_OF_TYPE, WEEK_AGO, YESTERDAY, YESTERDAY_ALIKE
from v2g.timegrid import Array

LEVEL_SHARE = 0.5
PRIOR = np.array([5.0, 0.5, 0.5, 0.5, 0.5])
"""In a week or two others are soon better by luck: with 1 instead of 5 a car park's second week is 12 % worse than its centre."""
LATE_PRIOR = 0.5
"""Of rules that mix types of days: in full only after four weeks, for before that weekends were hardly seen."""
LATE_DAYS = 28.0
N_LATE = 3
ALIKE_PRIOR = 128.0
ALIKE_POWERS = np.array([9.0, 10.0, np.inf])
"""Yesterday and the mean of any days are believed by so much more as days are alike, to these powers; a level never is.

After three, seven and fourteen days, 96 origins, over the best of five rules: household 1.02, 1.02 and 0.98, car park 0.99, 1.02
and 1.00, price 1.00, 0.91 and 0.92, others 0.88 to 1.00. With lower powers the car park, with a smaller prior the household is 3 %
behind."""
COMPARED_DAYS = 28


def opinions(rows: Array) -> Array:
    """Return what each simple rule tells of rows (n, n_columns), from the centre in units of the scale, (8, n)."""
    columns = rows[:, [WEEK_AGO, LAST_OF_TYPE, YESTERDAY_ALIKE, ANY_ALIKE, YESTERDAY, ANY_MEAN, DAY_MISS]]
    told = np.nan_to_num(columns).T
    told[-1] *= LEVEL_SHARE
    return np.vstack([np.zeros((1, len(rows))), told])


def priors(n_days: float, alike: float = 0.0) -> Array:
    """Return how much each rule is believed before it was tried, (8,), after `n_days` of history whose types are so `alike`."""
    late = LATE_PRIOR * min(n_days / LATE_DAYS, 1.0)
    return np.concatenate([PRIOR, late + ALIKE_PRIOR * alike**ALIKE_POWERS])


def types_alike(days: Array, types: Ints) -> float:
    """Return how little days (n_days, n_per_day) of other types differ: from 0, much or unknown, to 1, no more than any two days.

        n/(n + 1) · mean distance of two days of a type / mean distance of two of different types,    n days seen

    In a week each type hardly comes twice, but any two days are a comparison: a car park's weekend is told from a home's before
    either was foretold, and a free Friday is not taken for one.
    """
    seen = np.flatnonzero(np.isfinite(days).any(axis=1))[-COMPARED_DAYS:]
    first, second = seen[np.stack(np.triu_indices(len(seen), 1))]
    distances = np.abs(days[first] - days[second])
    known = np.isfinite(distances)
    size = np.where(known, distances, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    shared, other = known.any(axis=1), types[first] != types[second]
    within, between = size[shared & ~other], size[shared & other]
    if not len(within) or not len(between) or between.mean() <= 0.0:
        return 0.0
    return float(len(seen) / (len(seen) + 1.0) * min(within.mean() / between.mean(), 1.0))
