"""Readings that look like numbers and are none: zeros that mean missing, and frozen meters."""

import numpy as np
from numpy.typing import NDArray

from forecasts.localtime import SLOTS_PER_DAY
from v2g.timegrid import Array

# A site whose quiet hours still draw this share of its median never draws 0: then 0 means missing.
QUIET_SHARE = 0.1
# Frozen meters are rare: what is flat on more than a tenth of all days (idle Sundays are a seventh) is the load itself.
RARE_SHARE = 0.1


def cleaned(values: Array) -> Array:
    """Return a copy of `values` (n,) with NaN in place of zeros that mean missing and of days that are flat throughout."""
    clean = values.copy()
    if never_zero(clean):
        clean[clean == 0] = np.nan
    clean[frozen(clean)] = np.nan
    return clean


def never_zero(values: Array) -> bool:
    """Return whether `values` stays so far from 0 that a 0 in it means missing."""
    above = values[values > 0]
    return len(above) > 0 and bool(np.quantile(above, 0.02) >= QUIET_SHARE * np.median(above))


def frozen(values: Array) -> NDArray[np.bool_]:
    """Return where `values` stays the same for a day or longer, unless it does so often."""
    run = np.cumsum(np.diff(values, prepend=np.nan) != 0)
    long = np.bincount(run)[run] >= SLOTS_PER_DAY
    if long.sum() > RARE_SHARE * np.isfinite(values).sum():
        return np.zeros(len(values), dtype=np.bool_)
    return np.asarray(long)
