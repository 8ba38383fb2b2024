"""Quantiles from errors that were made before: of all of them in units of their spread, or of those at like times of day.

Source: Vovk, Gammerman & Shafer (2005), "Algorithmic Learning in a Random World", ch. 4 (split conformal); Romano, Patterson &
Candès (2019) for errors over their expected size.
"""

from dataclasses import dataclass

import numpy as np

from forecasts.localtime import DayType
from forecasts.series.features import PLACE, TYPE
from v2g.outlook import LEVELS
from v2g.timegrid import Array

HOURS = 24
HOUR_WIDTH = 1.0
OTHER_TYPE = 0.15
MEDIAN = LEVELS.index(0.50)


def weighted_quantiles(values: Array, weights: Array, levels: Array) -> Array:
    """Return the quantiles of weighted values (n,), n ≥ 1, (len(levels),)."""
    order = np.argsort(values)
    shares = np.cumsum(weights[order])
    return np.asarray(values[order][np.minimum(np.searchsorted(shares / shares[-1], levels), len(values) - 1)])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HourlyErrors:
    """Quantiles of errors by day type and hour of the day, (len(DayType), 24, len(LEVELS))."""

    table: Array

    @classmethod
    def of(cls, errors: Array, rows: Array, weights: Array) -> "HourlyErrors":
        """Return the quantiles of errors (n,) at rows (n, n_columns): those of hours nearby and of other types count less."""
        order = np.argsort(errors)
        ordered, hours, types = errors[order], rows[order, PLACE] * HOURS, rows[order, TYPE]
        table = np.empty((len(DayType), HOURS, len(LEVELS)))
        for hour in range(HOURS):
            apart = np.abs((hours - hour - 0.5 + HOURS / 2) % HOURS - HOURS / 2)
            near = weights[order] * np.maximum(np.exp(-0.5 * (apart / HOUR_WIDTH) ** 2), 1e-9)
            for day_type in DayType:
                shares = np.cumsum(near * np.where(types == day_type, 1.0, OTHER_TYPE))
                table[day_type, hour] = ordered[np.minimum(np.searchsorted(shares / shares[-1], LEVELS), len(ordered) - 1)]
        return cls(table=table)

    @classmethod
    def alike(cls, quantiles: Array) -> "HourlyErrors":
        """Return the same quantiles (len(LEVELS),) at all hours."""
        return cls(table=np.broadcast_to(quantiles, (len(DayType), HOURS, len(LEVELS))))

    def mixed(self, other: "HourlyErrors", share: float) -> "HourlyErrors":
        """Return the quantiles moved by `share` towards `other`'s."""
        return HourlyErrors(table=(1.0 - share) * self.table + share * other.table)

    def centred(self, share: float) -> "HourlyErrors":
        """Return the quantiles without `share` of the medians."""
        return HourlyErrors(table=self.table - share * self.table[:, :, [MEDIAN]])

    def quantiles(self, rows: Array) -> Array:
        """Return the quantiles at rows (n, n_columns), between hours along a straight line, (len(LEVELS), n)."""
        hour = rows[:, PLACE] * HOURS - 0.5
        before, part = np.floor(hour).astype(np.int64), hour - np.floor(hour)
        types = rows[:, TYPE].astype(np.int64)
        first, second = self.table[types, before % HOURS], self.table[types, (before + 1) % HOURS]
        return np.asarray((first + part[:, None] * (second - first)).T)
