"""What is missed now moves the next hours: a regression on what a forecast got wrong, by how far ahead it was.

    correction(o, t) = Σ_ij b_ij · miss_i(o) · exp(−lead(o, t) / fade_j)

`miss_i` are how far the last slot, hour and hours were from their centre. Learners see them too, but trees know no more than they
have met, and meet little in a short history.

Source: the conditional mean of first-order autoregressive errors, Hyndman & Athanasopoulos, 3rd ed., ch. 10.
"""

import numpy as np

from forecasts.series.features import LEAD, MISSES
from forecasts.series.ridge import Ridge
from v2g.timegrid import Array

FADES_H = (1.0, 4.0)
N_MISSES = 3
LEADS_H = 12.0
LEAST_PAIRS = 200


def correction_rows(rows: Array) -> Array:
    """Return each miss times each fade, (n, N_MISSES · len(FADES_H))."""
    missed = np.nan_to_num(rows[:, MISSES.start : MISSES.start + N_MISSES])
    fades = np.exp(-24.0 * rows[:, [LEAD]] / np.array(FADES_H))
    return np.asarray((missed[:, :, None] * fades[:, None, :]).reshape(len(rows), -1))


def fit_correction(rows: Array, errors: Array) -> Ridge | None:
    """Return what tells the errors (n,) of forecasts for rows (n, n_columns) from what was missed; None where too few were near."""
    near = rows[:, LEAD] * 24.0 < LEADS_H
    return Ridge.fit(correction_rows(rows[near]), errors[near], constant=False) if near.sum() >= LEAST_PAIRS else None


def corrected(point: Array, rows: Array, correction: Ridge | None) -> Array:
    """Return `point` (n,) for rows (n, n_columns) with the correction added."""
    return point if correction is None else point + correction.predict(correction_rows(rows))
