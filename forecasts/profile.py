"""Day-type climatology with quantiles from its own errors, and what the latest error says of the next hours.

    centre[k, s]  = median of the last `RECENT_DAYS` days of type k at the local quarter-hour s
    error[d, s]   = value[d, s] − what the days before d would have told for it
    forecast(h)   = centre + q50 + ρ·(e − q50₀)·min(1, σ/σ₀) + √(1 − ρ²)·(q − q50),   ρ = φ^h

with e the latest error, q the quantiles and σ the spread of the errors (₀: at the origin's quarter-hour), h the lead [h]: the
conditional distribution of a first-order autoregressive error. Errors are made as forecasts were, from earlier days
only, so their quantiles are split-conformal.

Source: Hyndman & Athanasopoulos, Forecasting: Principles and Practice (3rd ed.), 5.2 and 10; Vovk et al. 2005 (conformal).
"""

from dataclasses import dataclass

import numpy as np

from forecasts.localtime import SLOTS_PER_DAY, DayType, Ints
from v2g.outlook import LEVELS
from v2g.timegrid import Array

N_TYPES = len(DayType)
MEDIAN = LEVELS.index(0.50)
QUARTILES = (LEVELS.index(0.25), LEVELS.index(0.75))
SLOTS_PER_HOUR = 4
RECENT_DAYS = 8  # day-ahead MAE against the weekly naive, four real loads, 64 origins: 4 days 0.757, 8 days 0.756, 12 days 0.761
ERROR_DAYS = 30  # days of a type whose errors are kept: six weeks of workdays, half a year of Saturdays
NEIGHBOUR_SLOTS = 4  # errors of an hour before and after count as errors of a quarter-hour
PHI_DEFAULT = 0.7  # an error halves in about two hours
PHI_MAX = 0.97
DAYS_TO_JUDGE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """What is known before anything was measured: the least and the most there can be."""

    low: float
    high: float

    def errors(self) -> Array:
        """Return quantiles around the middle of a uniform distribution, (len(LEVELS),)."""
        return (np.array(LEVELS) - 0.5) * (self.high - self.low)

    def widened(self, values: Array) -> "Prior":
        """Return the prior that also allows what was measured, `values` (n,)."""
        return Prior(low=values.min(initial=self.low), high=values.max(initial=self.high))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Profile:
    """What one day of each type looks like.

    `centre` is (N_TYPES, 96), `errors` (N_TYPES, len(LEVELS), 96), not decreasing along the levels; `phi` is the
    autocorrelation of errors an hour apart; `n_days` is how many measured days it rests on.
    """

    centre: Array
    errors: Array
    phi: float
    n_days: int

    def expected(self, types: Ints, slots: Ints) -> Array:
        """Return the median at local quarter-hours `slots` of days of `types`, each (n,), before the latest error is known."""
        return np.asarray(self.centre[types, slots] + self.errors[types, MEDIAN, slots])

    def quantiles(self, types: Ints, slots: Ints) -> Array:
        """Return the quantiles at these local quarter-hours, (len(LEVELS), n)."""
        return np.asarray(self.centre[types, slots] + self.errors[types, :, slots].T)

    def spread(self, types: Ints, slots: Ints) -> Array:
        """Return the interquartile range of the errors, (n,)."""
        low, high = (self.errors[types, level, slots] for level in QUARTILES)
        return np.asarray(high - low)


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """The latest error of the median, the spread of errors then, and by how many hours the forecast's steps come later, (n,)."""

    error: float
    spread: float
    lead_h: Array


def corrected(profile: Profile, types: Ints, slots: Ints, miss: Miss | None) -> Array:
    """Return the quantiles at local quarter-hours `slots` of days of `types`, given the latest `miss`, (len(LEVELS), n)."""
    plain = profile.quantiles(types, slots)
    if miss is None:
        return plain
    rho = profile.phi ** np.maximum(miss.lead_h, 0.0)
    rho_spread = profile.phi ** np.maximum(miss.lead_h, 1.0 / SLOTS_PER_HOUR)  # the rest of a quarter-hour is not sure either
    spread = profile.spread(types, slots)
    wider = np.maximum(spread, miss.spread)
    scale = np.divide(spread, wider, out=np.ones(len(slots)), where=wider > 0)
    median = plain[MEDIAN]
    return np.asarray(median + rho * scale * miss.error + np.sqrt(1.0 - rho_spread**2) * (plain - median))


def fit(days: Array, types: Ints, prior: Prior) -> Profile:
    """Return the profile of `days` (n_days, 96), oldest first, NaN where unknown, of `types` (n_days,)."""
    n_days = len(days)
    centre = np.stack([centre_before(days, types, n_days, k, prior) for k in range(N_TYPES)])
    errors = np.stack([days[d] - centre_before(days, types, d, types[d], prior) for d in range(n_days)]) if n_days else days
    known = np.isfinite(days).any(axis=1)
    judged = known & (np.cumsum(known) > 1)
    return Profile(
        centre=centre,
        errors=np.stack([error_quantiles(errors[judged], types[judged], k, prior) for k in range(N_TYPES)]),
        phi=autocorrelation(errors[judged]),
        n_days=int(known.sum()),
    )


def centre_before(days: Array, types: Ints, end: int, day_type: int, prior: Prior) -> Array:
    """Return what days before number `end` tell of a day of `day_type`: same-type days, else yesterday, else the prior, (96,)."""
    past = days[:end]
    known = np.isfinite(past).any(axis=1)
    same = past[known & (types[:end] == day_type)][-RECENT_DAYS:]
    middle = np.full(SLOTS_PER_DAY, 0.5 * (prior.low + prior.high))
    return first_known(median_by_slot(same), median_by_slot(past[known][-1:]), middle)


def median_by_slot(days: Array) -> Array:
    """Return the median of each quarter-hour over (n, 96), leaving NaN out; NaN where nothing is known, (96,)."""
    n_known = np.isfinite(days).sum(axis=0)
    ordered = np.vstack([np.sort(days, axis=0), np.full((1, days.shape[1]), np.nan)])  # NaN sorts last
    column = np.arange(days.shape[1])
    low, high = ordered[np.maximum(n_known - 1, 0) // 2, column], ordered[n_known // 2, column]
    return np.asarray(np.where(n_known > 0, 0.5 * (low + high), np.nan))


def first_known(*candidates: Array) -> Array:
    """Return the first finite value at each place."""
    result = candidates[0]
    for candidate in candidates[1:]:
        result = np.where(np.isfinite(result), result, candidate)
    return result


def error_quantiles(errors: Array, types: Ints, day_type: int, prior: Prior) -> Array:
    """Return the quantiles of the errors (n, 96) of days of `day_type`, else of all days, else the prior's, (len(LEVELS), 96)."""
    same = errors[types == day_type][-ERROR_DAYS:]
    chosen = same if len(same) >= DAYS_TO_JUDGE else errors[-ERROR_DAYS:]
    shifts = range(-NEIGHBOUR_SLOTS, NEIGHBOUR_SLOTS + 1)
    near = np.vstack([np.roll(chosen, shift, axis=1) for shift in shifts]) if len(chosen) else chosen
    return sorted_quantiles(near, prior)


def sorted_quantiles(sample: Array, prior: Prior) -> Array:
    """Return the quantiles of each column of (n, 96), leaving NaN out; the prior's where nothing is known, (len(LEVELS), 96)."""
    n_known = np.isfinite(sample).sum(axis=0)
    ordered = np.vstack([np.sort(sample, axis=0), np.full((1, SLOTS_PER_DAY), np.nan)])
    rank = np.array(LEVELS)[:, None] * np.maximum(n_known - 1, 0)
    low = np.floor(rank).astype(np.int64)
    column = np.arange(SLOTS_PER_DAY)
    share = rank - low
    high = np.minimum(low + 1, np.maximum(n_known - 1, 0))
    value = ordered[low, column] * (1.0 - share) + ordered[high, column] * share
    return np.asarray(np.where(n_known > 0, value, prior.errors()[:, None]))


def autocorrelation(errors: Array) -> float:
    """Return the correlation of errors an hour apart in (n, 96), a default where too little is known."""
    now, later = errors[:, :-SLOTS_PER_HOUR].ravel(), errors[:, SLOTS_PER_HOUR:].ravel()
    both = np.isfinite(now) & np.isfinite(later)
    if both.sum() < DAYS_TO_JUDGE * SLOTS_PER_DAY // 2:
        return PHI_DEFAULT
    now, later = now[both] - now[both].mean(), later[both] - later[both].mean()
    power = float(np.sqrt((now @ now) * (later @ later)))
    return float(np.clip(now @ later / power, 0.0, PHI_MAX)) if power > 0 else PHI_DEFAULT
