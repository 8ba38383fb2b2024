"""Several opinions made one: each counts as much as it was right lately.

    weight_i ∝ prior_i · (least error / error_i)^sharpness

Errors are mean absolute ones of forecasts made before what they told, recent ones first. With few days known the power is small:
a day or two are luck. Source: Bates & Granger (1969); the power as measured by cold start on six series (4 to 8 alike, 16 worse).
"""

import numpy as np

from v2g.timegrid import Array

SHARPNESS = 6.0
SURE_DAYS = 7.0
"""Days after which errors count in full."""
MEMORY_DAYS = 40.0


def skill_weights(missed: Array, prior: Array, age_days: Array, *, sharpness: float = SHARPNESS) -> Array:
    """Return the weight of each opinion, (n_opinions,), sum 1, from what each missed (n_opinions, n) some days ago (n,)."""
    if missed.shape[1] == 0:
        return np.asarray(prior / prior.sum())
    recent = np.exp(-age_days / MEMORY_DAYS)
    errors = np.abs(missed) @ recent / recent.sum()
    sure = min(float(age_days.max()) / SURE_DAYS, 1.0)
    ratio = np.divide(errors.min(), errors, out=np.ones(len(errors)), where=errors > 0)
    weights = prior * ratio ** (sharpness * sure)
    return np.asarray(weights / weights.sum())
