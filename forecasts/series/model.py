"""Quantile forecasts of a series from its own past: simple rules while there is little of it, learned from four weeks on.

    quantile_τ(t) = centre(t) + scale(o)·q_τ(row(o, t)),      o = first slot that nothing trusted is known of

A silent or frozen meter moves o back, so that no learner sees what is not to be believed, and the lead grows instead.
"""

from dataclasses import dataclass, replace

import numpy as np

from forecasts.localtime import Calendar, Ints
from forecasts.profile import Prior
from forecasts.series.baselines import opinions, priors, types_alike
from forecasts.series.blend import skill_weights
from forecasts.series.climate import like_days
from forecasts.series.conformal import MEDIAN, HourlyErrors
from forecasts.series.faults import cleaned
from forecasts.series.features import LEAD, REACHES, Columns, make_columns
from forecasts.series.frame import Frame
from forecasts.series.intraday import corrected, fit_correction
from forecasts.series.learned import Learned, learn
from forecasts.series.pairs import SPAN_DAYS, Pairs, draw_pairs
from forecasts.series.ridge import Ridge
from forecasts.series.series import Series
from v2g.errors import InputError
from v2g.outlook import LEVELS
from v2g.timegrid import Array

LEARN_DAYS = 28
"""With fewer known days the learned models lose to the simple ones (0.8 to 1.7 of the weekly naive against 0.74 to 0.86)."""
YOUNG_SHARPNESS = 4.0
SKIP_DAYS = 7
"""The first days know too little of the days before them to be learnt from."""
RECENT_DAYS = 100
"""What a forecast looks back at: twelve Sundays, and some that are missing."""
MARGIN = 0.25
"""Share of the range of all values by which a quantile may leave it."""
SPREAD_SHARE = 0.5
"""Before any forecast was tried its errors are half of what values are from their median."""
BELIEF_DAYS = 14.0
"""After which nothing is made of that any more, and the present has been seen to tell of the next hours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Believed:
    """A forecast of which nothing was measured: anything between the prior's ends."""

    prior: Prior

    def quantiles(self, _history: Series, n_slots: int) -> Array:
        """Return the quantiles of `n_slots` slots, (len(LEVELS), n_slots)."""
        middle = 0.5 * (self.prior.low + self.prior.high)
        return np.repeat((middle + self.prior.errors())[:, None], n_slots, axis=1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FittedSeries:
    """A forecast that was learnt: weights of the simple rules, (8,), how the present corrects them, their errors; learners."""

    calendar: Calendar
    low: float
    high: float
    n_days: float
    weights: Array
    correction: Ridge | None
    errors: HourlyErrors
    learned: Learned | None

    def quantiles(self, history: Series, n_slots: int) -> Array:
        """Return the quantiles of the `n_slots` slots after `history`, (len(LEVELS), n_slots), not decreasing along the levels."""
        recent = history.latest(RECENT_DAYS * history.n_per_day).begun()
        n, trusted = len(recent.values), trusted_part(recent)
        frame = Frame.of(trusted, self.calendar, n + n_slots)
        columns = make_columns(trusted, frame)
        targets, origins = np.arange(n, n + n_slots), np.full(n_slots, len(trusted.values))
        rows = columns.rows(origins, targets)
        centres, scale = columns.centres(origins, targets), columns.scale[origins]
        told = centres + scale * self._standard(rows, (like_days(trusted.values, frame)[:, n:] - centres) / scale)
        return np.clip(np.maximum.accumulate(told, axis=0), self.low, self.high)

    def _standard(self, rows: Array, like: Array) -> Array:
        """Return the quantiles at rows (n, n_columns), beside `like` days' (len(LEVELS), n): all from the centre over the scale."""
        baseline = self.weights @ opinions(rows)
        simple = corrected(baseline, rows, self.correction) + self.errors.quantiles(rows)
        if self.learned is None:
            return simple
        return np.where(rows[:, LEAD] < REACHES, self.learned.quantiles(rows, baseline, like), simple)


class SeriesModel:
    """Learns a series; `prior` is what is believed of it before anything was measured."""

    def __init__(self, calendar: Calendar, *, prior: Prior | None = None) -> None:
        self._calendar, self._prior = calendar, prior

    def fit(self, history: Series) -> FittedSeries | Believed:
        """Return the forecast learnt from `history`, or the prior where nothing of it is known.

        Raises `InputError` if there is no prior either.
        """
        history = history.latest(SPAN_DAYS * history.n_per_day).begun()
        trusted = trusted_part(history)
        known = trusted.values[np.isfinite(trusted.values)]
        if not len(known):
            return Believed(prior=self._needed_prior())
        n_days = len(known) / history.n_per_day
        frame = Frame.of(trusted, self._calendar, len(trusted.values))
        columns = make_columns(trusted, frame)
        pairs = draw_pairs(trusted.values, history.n_per_day, skip_days=SKIP_DAYS if n_days >= LEARN_DAYS else 1)
        rows, told = columns.rows(pairs.origins, pairs.targets), _standardised(trusted.values, columns, pairs)
        like = _standardised(like_days(trusted.values, frame)[MEDIAN], columns, pairs)
        weights = _rule_weights(told - opinions(rows), rows, pairs, n_days, frame.known_days(trusted.values))
        baseline = weights @ opinions(rows)
        correction = fit_correction(rows, told - baseline) if n_days > BELIEF_DAYS else None
        missed = told - corrected(baseline, rows, correction)
        margin = MARGIN * float(np.ptp(known))
        return FittedSeries(
            calendar=self._calendar,
            low=0.0 if known.min() >= 0 else float(known.min()) - margin,
            high=float(known.max()) + margin,
            n_days=n_days,
            weights=weights,
            correction=correction,
            errors=_errors(missed, rows, pairs, _believed(known, columns.scale[-1])),
            learned=learn(rows, told, baseline, like, pairs) if n_days >= LEARN_DAYS else None,
        )

    def _needed_prior(self) -> Prior:
        if self._prior is None:
            raise InputError("nothing is known of the series", mend="give its least and its greatest value as a prior")
        return self._prior


def _rule_weights(missed: Array, rows: Array, pairs: Pairs, n_days: float, days: tuple[Array, Ints]) -> Array:
    """Return how much each simple rule counts, (8,), by what each missed, (8, n); while nothing is learned, a day ahead only.

    `days` are those that were seen and their types, as `types_alike` takes them.
    """
    if n_days >= LEARN_DAYS:
        return skill_weights(missed, priors(n_days), pairs.age_days)
    near = rows[:, LEAD] < 1.0
    return skill_weights(missed[:, near], priors(n_days, types_alike(*days)), pairs.age_days[near], sharpness=YOUNG_SHARPNESS)


def trusted_part(series: Series) -> Series:
    """Return the series up to its last trusted value, with NaN for what is no measurement."""
    values = cleaned(series.values, series.n_per_day)
    known = np.flatnonzero(np.isfinite(values))
    return replace(series, values=values[: known[-1] + 1 if len(known) else 0])


def _standardised(values: Array, columns: Columns, pairs: Pairs) -> Array:
    """Return (value − centre) / scale of each pair, (n,)."""
    return np.asarray((values[pairs.targets] - columns.centres(pairs.origins, pairs.targets)) / columns.scale[pairs.origins])


def _errors(missed: Array, rows: Array, pairs: Pairs, believed: Array) -> HourlyErrors:
    """Return the errors of the simple rules by hour; in the first days mostly what is `believed` of them, (len(LEVELS),).

    How wide they are is known sooner than that they lean to one side.
    """
    belief = HourlyErrors.alike(believed)
    if not len(missed):
        return belief
    newness = 1.0 - float(pairs.age_days.max()) / BELIEF_DAYS
    errors = HourlyErrors.of(missed, rows, pairs.weights).mixed(belief, max(newness, 0.0))
    return errors.centred(float(np.clip(newness + 1.0, 0.0, 1.0)))


def _believed(known: Array, scale: float) -> Array:
    """Return quantiles of errors as far from 0 as a share of what known values (n,) are from their median, over `scale`."""
    distance = SPREAD_SHARE * np.abs(known - np.median(known)) / scale
    return np.asarray(np.quantile(np.concatenate([distance, -distance]), LEVELS))
