"""Numbers, as the API tells them."""

import math

import numpy as np

from v2g.timegrid import Array


def tidy(value: float) -> float:
    """Return `value` to three decimals: a watt, a gram of CO₂, a tenth of a cent."""
    return round(float(value), 3) + 0.0


def limit(value: float) -> float | None:
    """Return a limit, None where there is none."""
    return tidy(value) if math.isfinite(value) else None


def series(values: Array) -> list[float]:
    """Return numbers to three decimals."""
    rounded: list[float] = (np.round(values, 3) + 0.0).tolist()
    return rounded
