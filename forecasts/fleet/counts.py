"""How many cars come: hours of like days, and a gamma factor of the day, so that days differ more than by chance.

    expected[d,h] = Σ_e w_de·arrivals[e,h] / Σ_e w_de
    w_de = exp(−|d − e|/60 d) · (1 if the same weekday, 0.1 if another of the same day type, else 0) for days e before d, else 0
    arrivals[d] ~ Poisson(f·Σ_h expected[d,h]),  f ~ Gamma(k, 1/k):   negative binomial, variance λ + λ²/k

What has come on a day tells of its factor:  E f = (k + arrived) / (k + expected until now).

Source: the conjugate gamma–Poisson model, e.g. Gelman et al. (2013), "Bayesian Data Analysis", §2.6; k by moments:
Σ_d (n_d − λ_d)² = Σ_d λ_d + Σ_d λ_d²/k.
"""

from dataclasses import dataclass

import numpy as np

from forecasts.fleet.curves import KNOTS, calibration
from forecasts.localtime import Calendar, Ints, weekdays
from v2g.timegrid import Array

HOURS = 24
WARM_UP_DAYS = 14
LEAST_MEAN = 1e-6
MEMORY_DAYS = 60.0
OTHER_WEEKDAY = 0.1  # 0.3: CRPS of daily arrivals up to 8 % higher (JPL, where every other Friday is free)
SHAPES = (1.0, 1000.0)
"""Bounds of k: a day with twice as many cars is common, or as rare as chance makes it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DayCounts:
    """Arrivals by local hour, (n_days, 24), on whole local days from `first` (days since 1970-01-01) on."""

    calendar: Calendar
    first: int
    arrivals: Array

    def expected(self, days: Ints) -> Array:
        """Return the arrivals expected in each hour of `days` from the days before that are like them, (len(days), 24)."""
        past = self.first + np.arange(len(self.arrivals))
        weight = np.exp(-np.abs(days[:, None] - past) / MEMORY_DAYS) * (days[:, None] > past)
        weight *= np.where(weekdays(days)[:, None] == weekdays(past), 1.0, OTHER_WEEKDAY)
        weight *= self.calendar.types(days)[:, None] == self.calendar.types(past)
        return np.asarray(weight @ self.arrivals / np.maximum(weight.sum(axis=1, keepdims=True), 1e-12))

    def day_model(self) -> "DayModel":
        """Return how the days' totals differ from what was expected of them before."""
        days = np.arange(min(WARM_UP_DAYS, len(self.arrivals) // 2), len(self.arrivals))
        totals, means = self.arrivals[days].sum(axis=1), self.expected(self.first + days).sum(axis=1)
        shape = over_dispersion(totals, means)
        return DayModel(shape=shape, reached=calibration(count_levels(totals, means, shape)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DayModel:
    """The spread of days: `shape` k of their factors, and at which levels of the negative binomial `KNOTS` are `reached`.

    Chargers are few, so that busy days may differ even less than by chance: the levels tell.
    """

    shape: float
    reached: Array

    def quantiles(self, means: Array, levels: Array) -> Array:
        """Return the quantiles of the arrivals of days that expect `means` (n,), (n, n_levels), between whole cars.

        A count's own probability is shared between what lies below and above it, so that bands of few cars hold as many days as
        they should: of whole cars they would hold 92 % of Caltech's days where 80 % are meant.
        """
        at = np.interp(levels, np.concatenate([[0.0], KNOTS, [1.0]]), np.concatenate([[0.0], self.reached, [1.0]]))
        return np.stack([_count_quantiles(float(mean), self.shape, at) for mean in means])


def over_dispersion(counts: Array, means: Array) -> float:
    """Return the shape k of the days' gamma factor by moments, within `SHAPES`."""
    excess = float(((counts - means) ** 2).sum() - means.sum())
    return float(np.clip((means**2).sum() / excess, *SHAPES)) if excess > 0 else SHAPES[1]


def posterior_factor(shape: float, arrived: float, until_now: float) -> float:
    """Return the mean factor of a day on which `arrived` came where `until_now` were expected until now."""
    return (shape + arrived) / (shape + until_now)


def count_levels(counts: Array, means: Array, shape: float) -> Array:
    """Return the probability of fewer than `counts` (n,), and half that of as many, where `means` (n,) are expected, (n,)."""
    from scipy.stats import nbinom  # noqa: PLC0415 - 0.7 s that only who judges counts has

    share = shape / (shape + np.maximum(means, LEAST_MEAN))
    return np.asarray(nbinom.cdf(counts - 1.0, shape, share) + 0.5 * nbinom.pmf(counts, shape, share), dtype=np.float64)


def _count_quantiles(mean: float, shape: float, levels: Array) -> Array:
    """Return the quantiles of a count: it stands at the middle of its own probability, and between two is a straight line."""
    from scipy.stats import nbinom  # noqa: PLC0415 - 0.7 s that only who judges counts has

    share = shape / (shape + max(mean, LEAST_MEAN))
    counts = np.arange(nbinom.ppf(1.0 - 1e-9, shape, share) + 2.0)
    middles = nbinom.cdf(counts - 1.0, shape, share) + 0.5 * nbinom.pmf(counts, shape, share)
    return np.asarray(np.interp(levels, middles, counts), dtype=np.float64)
