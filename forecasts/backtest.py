"""Rolling-origin evaluation: a forecaster of one series, asked again and again, against the weekly naive.

    MAE      = mean |y − q50|
    CRPS     = 2·∫ pinball_τ(y, q_τ) dτ, each level standing for the probabilities nearest to it
    coverage = share of y within the 10–90 % band

Each is also told relative to the weekly naive on the same slots: the value a week before, with the quantiles of that rule's own
errors at the same time of the last eight weeks' days around it.

Source: Gneiting & Raftery (2007), JASA 102 (CRPS, pinball loss); Hyndman & Athanasopoulos, 3rd ed., 5.8 and 5.10.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from forecasts.localtime import Calendar
from forecasts.series.frame import Frame
from forecasts.series.series import Series
from v2g.outlook import LEVELS
from v2g.timegrid import Array

Forecast = Callable[[Series, int], Array]
"""From what is known before the origin and a number of slots to quantiles (len(LEVELS), n)."""

WEEK, NAIVE_WEEKS = 7, 8
LOW, MEDIAN, HIGH = LEVELS.index(0.10), LEVELS.index(0.50), LEVELS.index(0.90)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scores:
    """Errors by origin and slot, NaN where nothing was measured: (n_origins, n_slots).

    `below` is 1 where the value was not above each level's quantile, (n_origins, len(LEVELS), n_slots); `inside` where it lay in
    the 10–90 % band, (n_origins, n_slots).
    """

    absolute: Array
    crps: Array
    inside: Array
    below: Array

    @property
    def mae(self) -> float:
        """Mean absolute error of the median."""
        return float(np.nanmean(self.absolute))

    @property
    def mean_crps(self) -> float:
        """Mean continuous ranked probability score, in the unit of the values."""
        return float(np.nanmean(self.crps))

    @property
    def coverage80(self) -> float:
        """Share of values within the 10–90 % band."""
        return float(np.nanmean(self.inside))


def level_weights() -> Array:
    """Return the share of probabilities that are nearer to each level than to another, (len(LEVELS),)."""
    levels = np.array(LEVELS)
    edges = np.concatenate([[0.0], 0.5 * (levels[1:] + levels[:-1]), [1.0]])
    return np.diff(edges)


def pinball(actual: Array, quantiles: Array) -> Array:
    """Return the pinball loss of quantiles (len(LEVELS), n) by level, (len(LEVELS), n)."""
    levels = np.array(LEVELS)[:, None]
    missed = actual - quantiles
    return np.maximum(levels * missed, (levels - 1.0) * missed)


def crps(actual: Array, quantiles: Array) -> Array:
    """Return the score of quantiles (len(LEVELS), n) at each slot, (n,); NaN where nothing was measured."""
    return np.asarray(2.0 * level_weights() @ pinball(actual, quantiles))


def backtest(series: Series, origins: Sequence[int], n_slots: int, forecast: Forecast) -> Scores:
    """Return the scores of forecasts of `n_slots` slots from each origin; each sees the series before its origin only."""
    told = [forecast(series.before(origin), n_slots) for origin in origins]
    actual = [series.values[origin : origin + n_slots] for origin in origins]
    return scores(actual, told)


def scores(actual: Sequence[Array], told: Sequence[Array]) -> Scores:
    """Return the scores of quantiles `told` (len(LEVELS), n) for each `actual` (n,)."""
    pairs = list(zip(actual, told, strict=True))
    unknown = np.stack([np.where(np.isfinite(y), 0.0, np.nan) for y in actual])
    return Scores(
        absolute=np.stack([np.abs(y - q[MEDIAN]) for y, q in pairs]),
        crps=np.stack([crps(y, q) for y, q in pairs]),
        inside=np.stack([(y >= q[LOW]) & (y <= q[HIGH]) for y, q in pairs]) + unknown,
        below=np.stack([y <= q for y, q in pairs]) + unknown[:, None, :],
    )


def weekly_naive(series: Series, n_slots: int) -> Array:
    """Return the reference's quantiles for the slots after the series, (len(LEVELS), n_slots), NaN where no week is known.

    Over a gap it goes back to the latest week that is known.
    """
    values, week = series.values, WEEK * series.n_per_day
    targets = np.arange(len(values), len(values) + n_slots)
    point = np.full(n_slots, np.nan)
    for back in range(-(-n_slots // week), NAIVE_WEEKS + 1):
        source = targets - back * week
        told = np.where(source >= 0, values[np.maximum(source, 0)], np.nan)
        point = np.where(np.isfinite(point), point, told)
    return point + _naive_errors(values, targets, series.n_per_day)


def _naive_errors(values: Array, targets: np.ndarray, n_per_day: int) -> Array:
    """Return the quantiles of the weekly rule's errors at the targets' times of day, (len(LEVELS), n)."""
    week = WEEK * n_per_day
    first = -(-len(targets) // n_per_day)
    sources = targets - n_per_day * np.arange(first, WEEK * NAIVE_WEEKS + first)[:, None]
    earlier = sources - week
    missed = values[np.maximum(sources, 0)] - values[np.maximum(earlier, 0)]
    missed = np.where(earlier >= 0, missed, np.nan)
    blank = ~np.isfinite(missed).any(axis=0)
    missed[:, blank] = 0.0
    return np.asarray(np.nanquantile(missed, LEVELS, axis=0))


def spread_origins(series: Series, calendar: Calendar, n: int, *, least_days: int, n_slots: int) -> list[int]:
    """Return `n` local midnights spread evenly from the later of `least_days` and a third of the series to its end."""
    frame = Frame.of(series, calendar, len(series.values))
    midnights = np.flatnonzero(frame.places == 0)
    first = max(least_days * series.n_per_day, len(series.values) // 3)
    usable = midnights[(midnights >= first) & (midnights + n_slots <= len(series.values))]
    return [int(usable[i]) for i in np.linspace(0, len(usable) - 1, min(n, len(usable))).round().astype(int)]
