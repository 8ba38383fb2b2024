"""How good forecasts of stays and energies would have been, made when each car was plugged in."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from forecasts.fleet import curves
from forecasts.fleet.stays import LEVEL_ARRAY, fit_stays
from forecasts.fleet.visits import Visits
from v2g.timegrid import Array

LEARNED_SHARE = 0.5
"""Of the visits the first half is learnt from only."""
ALIKE, RECENT = 100, 1000
"""The reference takes this many visits plugged in at about the same time of day, of so many that ended last."""
HOURS = 24.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VisitTrial:
    """Cars that came while one model held: quantiles told and the reference's, both (len(LEVELS), n), and what came, (n,).

    `told`, `naive` and `actual` are by the names `stay_h` and `energy_kwh`; `fit_s` and `predict_s` are processor seconds [s].
    """

    told: dict[str, Array]
    naive: dict[str, Array]
    actual: dict[str, Array]
    fit_s: float
    predict_s: float


def visit_trials(visits: Visits, n_origins: int) -> Iterator[VisitTrial]:
    """Yield what was told of the visits of the later half, learnt anew at each of `n_origins`; too few to learn from are left out.

    A model learns from visits that ended before its origin, and is told of those that ended before a car came.
    """
    by_begin, past = visits.take(np.argsort(visits.begin_h, kind="stable")), visits.by_end()
    bounds = np.linspace(int(LEARNED_SHARE * len(visits)), len(visits), n_origins + 1).astype(int)
    for first, last in pairwise(bounds):
        cars = by_begin.take(slice(int(first), int(last)))
        if not len(cars):
            continue
        began = time.process_time()
        model = fit_stays(past.take(past.left_h <= cars.begin_h[0]))
        fitted_at = time.process_time()
        if model is None:
            continue
        nothing = np.zeros(len(cars))
        told = model.forecast(cars, past)
        stays = curves.given(told.stay_edges, told.stay_cdf, nothing, LEVEL_ARRAY)
        energies = told.needs_kwh(nothing)
        yield VisitTrial(
            told={"stay_h": stays.T, "energy_kwh": energies.T},
            naive={name: _alike(cars, past, name).T for name in ("stay_h", "energy_kwh")},
            actual={"stay_h": cars.stay_h, "energy_kwh": cars.energy_kwh},
            fit_s=fitted_at - began,
            predict_s=time.process_time() - fitted_at,
        )


def _alike(cars: Visits, past: Visits, name: str) -> Array:
    """Return the quantiles of a column over recent visits at about each car's time of day, (n_cars, len(LEVELS))."""
    values = getattr(past, name)
    known = np.searchsorted(past.left_h, cars.begin_h, side="right")
    told = np.full((len(cars), len(LEVEL_ARRAY)), np.nan)
    for i, end in enumerate(known):
        recent = slice(max(end - RECENT, 0), end)
        apart = np.abs((past.clock_h[recent] - cars.clock_h[i] + HOURS / 2) % HOURS - HOURS / 2)
        near = values[recent][np.argsort(apart, kind="stable")[:ALIKE]]
        if np.isfinite(near).any():
            told[i] = np.nanquantile(near, LEVEL_ARRAY)
    return told
