"""The learned forecast: trees and a regression by turns, then trees for the quantiles of what these miss.

Each of `N_FOLDS` pairs of learners is fitted without one fold of weeks; what it tells of those weeks is honest, and says how much
each kind of learner counts and how wrong their blend is. The forecast is the mean of all, so no fit is thrown away. Two opinions on
the errors are averaged: their quantiles by trees, which see where learners disagree, and errors in units of their expected size.
From a few hours ahead on the quantiles of like days (`climate`) have a share s, by their skill.

    q_τ = (1 − s)·(point + ½·(trees_τ + size·standard_τ)) + s·like_τ,      s = share·(1 − exp(−lead / LIKE_FADE_H))

and at last a little wider about their median.

Source: Vovk (2015), "Cross-conformal predictors"; Breiman (1996), "Bagging predictors".
"""

from dataclasses import dataclass

import numpy as np

from forecasts.series.blend import skill_weights
from forecasts.series.boosting import Binned, Trees
from forecasts.series.conformal import MEDIAN, weighted_quantiles
from forecasts.series.features import LEAD
from forecasts.series.intraday import corrected, fit_correction
from forecasts.series.linear import linear_rows
from forecasts.series.pairs import N_FOLDS, Pairs
from forecasts.series.ridge import Ridge
from v2g.outlook import LEVELS
from v2g.timegrid import Array

PRIOR = np.array([0.4, 0.25, 0.25, 0.1])
"""Trees, trees with random cuts, regression, baselines."""
LIKE_PRIOR = np.array([0.7, 0.3])
"""Learners and like days: between 0.2 and 0.4 for these the errors of six series hardly differ."""
LIKE_SHARPNESS = 2.0
LIKE_FADE_H = 2.0
"""Hours ahead in which the present tells more than like days."""
WIDER = 1.05
"""What comes is less like the past than weeks of the past are like each other: on 12 to 16 days of each of six series the 80 %
bands cover 76–85 %, without this 73–84 %, at the same CRPS."""
LEAST_SIZE = 0.02
"""Share of the scale below which an error is none."""
N_HALVES = 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Points:
    """Learners of the value itself, and the weight of each kind and of the baselines, (4,)."""

    trees: tuple[Trees, ...]
    random_trees: tuple[Trees, ...]
    regressions: tuple[Ridge, ...]
    weights: Array
    correction: Ridge | None

    def predict(self, rows: Array, baseline: Array) -> tuple[Array, Array]:
        """Return what the learners tell of rows (n, n_columns), and rows that also hold how they disagree."""
        linear = linear_rows(rows)
        told = np.stack(
            [
                np.mean([learner.predict(rows) for learner in self.trees], axis=0),
                np.mean([learner.predict(rows) for learner in self.random_trees], axis=0),
                np.mean([learner.predict(linear) for learner in self.regressions], axis=0),
                baseline,
            ]
        )
        point = corrected(self.weights @ told, rows, self.correction)
        return point, with_opinions(rows, told, point)


def with_opinions(rows: Array, told: Array, point: Array) -> Array:
    """Return rows that also hold the point (n,) and how what was told (n_kinds, n) disagrees."""
    return np.column_stack([rows, point, (told[1:] - told[0]).T])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Learned:
    """A fitted forecast of (value − centre) / scale.

    `standard` are the quantiles of errors over their size, (len(LEVELS),); `like_share` is how much like days count.
    """

    points: Points
    quantiles_of_errors: tuple[Trees, ...]
    sizes: tuple[Trees, ...]
    standard: Array
    like_share: float

    def quantiles(self, rows: Array, baseline: Array, like: Array) -> Array:
        """Return quantiles at rows (n, n_columns), where the baselines tell (n,) and like days `like`, (len(LEVELS), n).

        They do not decrease. Where `like` is NaN they are the learners' alone.
        """
        point, seen = self.points.predict(rows, baseline)
        first = np.sort([learner.predict(seen) for learner in self.quantiles_of_errors], axis=0)
        second = np.mean([np.exp(learner.predict(seen)) for learner in self.sizes], axis=0) * self.standard[:, None]
        told = point + 0.5 * (first + second)
        share = self.like_share * (1.0 - np.exp(-24.0 * rows[:, LEAD] / LIKE_FADE_H))
        told = np.where(np.isfinite(like), told + share * (like - told), told)
        return np.asarray(told[MEDIAN] + WIDER * (told - told[MEDIAN]))


def learn(rows: Array, values: Array, baseline: Array, like: Array, pairs: Pairs) -> Learned:
    """Return the forecast learnt from values (n,) at rows (n, n_columns); the baselines and like days' medians tell (n,) each."""
    weights, linear, folds = pairs.weights, linear_rows(rows), pairs.folds_of(N_FOLDS)
    kinds: tuple[list[Trees], list[Trees], list[Ridge]] = ([], [], [])
    honest = np.stack([*np.zeros((len(kinds), len(values))), baseline])
    told = Binned.of(rows, values, weights)
    for fold in range(N_FOLDS):
        seen, left = folds != fold, folds == fold
        told_of_others = told.take(seen)
        kinds[0].append(Trees.median(told_of_others))
        kinds[1].append(Trees.random_median(told_of_others))
        kinds[2].append(Ridge.fit(linear[seen], values[seen]))
        honest[:3, left] = kinds[0][-1].predict(rows[left]), kinds[1][-1].predict(rows[left]), kinds[2][-1].predict(linear[left])
    blend = skill_weights(values - honest, PRIOR, pairs.age_days)
    correction = fit_correction(rows, values - blend @ honest)
    point = corrected(blend @ honest, rows, correction)
    errors, wide = values - point, with_opinions(rows, honest, point)
    sizes, standard = _sizes(wide, errors, pairs)
    told_of_errors = Binned.of(wide, errors, weights)
    return Learned(
        points=Points(
            trees=tuple(kinds[0]), random_trees=tuple(kinds[1]), regressions=tuple(kinds[2]), weights=blend, correction=correction
        ),
        quantiles_of_errors=tuple(Trees.quantile(told_of_errors, level) for level in LEVELS),
        sizes=sizes,
        standard=standard,
        like_share=_like_share(errors, values - like, pairs),
    )


def _like_share(missed: Array, missed_by_like: Array, pairs: Pairs) -> float:
    """Return how much like days count beside learners, from the errors of both, (n,)."""
    known = np.isfinite(missed_by_like)
    both = np.stack([missed[known], missed_by_like[known]])
    return float(skill_weights(both, LIKE_PRIOR, pairs.age_days[known], sharpness=LIKE_SHARPNESS)[1])


def _sizes(rows: Array, errors: Array, pairs: Pairs) -> tuple[tuple[Trees, ...], Array]:
    """Return learners of log |error|, each fitted to every other week, and the quantiles of the others' errors over it."""
    logarithms, weights = np.log(np.abs(errors) + LEAST_SIZE), pairs.weights
    halves = pairs.folds_of(N_HALVES)
    told, learners, ratios = Binned.of(rows, logarithms, weights), [], np.zeros(len(errors))
    for half in range(N_HALVES):
        seen, left = halves != half, halves == half
        learners.append(Trees.quantile(told.take(seen), 0.5))
        ratios[left] = errors[left] / np.exp(learners[-1].predict(rows[left]))
    return tuple(learners), weighted_quantiles(ratios, weights, np.array(LEVELS))
