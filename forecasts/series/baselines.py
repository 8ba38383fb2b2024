"""Simple opinions, and their blend: what a forecast rests on before there is enough to learn from.

All are told from the centre, which is the mean of the last four days of the type: yesterday, the same weekday, the last day of the
type, the mean of any seven days; the first and the last also without days of another type; and the centre moved by half of what the
last day missed. Each is a column or two of a row.
"""

import numpy as np

from forecasts.series.features import ANY_ALIKE, ANY_MEAN, DAY_MISS, LAST_OF_TYPE, WEEK_AGO, YESTERDAY, YESTERDAY_ALIKE
from v2g.timegrid import Array

LEVEL_SHARE = 0.5
PRIOR = np.array([4.0, 0.5, 1.0, 0.5, 0.5])
"""In a week or two others are soon better by luck: with 1 instead of 4 a car park's second week is 12 % worse than its centre."""
LATE_PRIOR = 0.5
"""Of rules that mix types of days: in full only after two weeks, for before that weekends were hardly seen."""
LATE_DAYS = 14.0
N_LATE = 3


def opinions(rows: Array) -> Array:
    """Return what each simple rule tells of rows (n, n_columns), from the centre in units of the scale, (8, n)."""
    columns = rows[:, [WEEK_AGO, LAST_OF_TYPE, YESTERDAY_ALIKE, ANY_ALIKE, YESTERDAY, ANY_MEAN, DAY_MISS]]
    told = np.nan_to_num(columns).T
    told[-1] *= LEVEL_SHARE
    return np.vstack([np.zeros((1, len(rows))), told])


def priors(n_days: float) -> Array:
    """Return how much each rule is believed before it was tried, after `n_days` of history, (8,)."""
    late = LATE_PRIOR * min(n_days / LATE_DAYS, 1.0)
    return np.concatenate([PRIOR, np.full(N_LATE, late)])
