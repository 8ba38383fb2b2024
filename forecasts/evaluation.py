"""How good forecasts would have been: asked again and again at origins in the past, as figures for people and programs.

Each origin's forecast is learnt from what was known before it and from nothing else; what came after only scores it.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from forecasts.backtest import HIGH, LOW, MEDIAN, crps, pinball, weekly_naive
from forecasts.localtime import Calendar
from forecasts.series.model import SeriesModel
from forecasts.series.series import Series
from v2g.outlook import LEVELS
from v2g.timegrid import Array

LEADS_H = (1.0, 4.0, 12.0, 24.0, 48.0, 96.0, 168.0)
"""Ends of the horizons that are told apart."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trial:
    """One forecast from slot `origin` on: quantiles told and the reference's, both (len(LEVELS), n); what came, (n,), NaN unknown.

    `fit_s` and `predict_s` are the processor seconds that learning and telling took [s].
    """

    origin: int
    told: Array
    naive: Array
    actual: Array
    fit_s: float
    predict_s: float


def trials(series: Series, calendar: Calendar, origins: Sequence[int], n_slots: int) -> Iterator[Trial]:
    """Yield the forecast of `n_slots` slots from each origin beside the weekly naive, both from what is before the origin."""
    for origin in origins:
        history = series.before(origin)
        began = time.process_time()
        fitted = SeriesModel(calendar).fit(history)
        fitted_at = time.process_time()
        told = fitted.quantiles(history, n_slots)
        yield Trial(
            origin=origin,
            told=told,
            naive=weekly_naive(history, n_slots),
            actual=series.values[origin : origin + n_slots],
            fit_s=fitted_at - began,
            predict_s=time.process_time() - fitted_at,
        )


def series_figures(tried: Sequence[Trial], slot_s: int) -> dict[str, Any]:
    """Return the figures of all trials together and by horizon [h]; those of no known value are left out."""
    n_slots = len(tried[0].actual)
    ends = [int(lead * 3600) // slot_s for lead in LEADS_H]
    bounds = [0, *(end for end in ends if end < n_slots), n_slots]
    spans = [(first, last, _joined(tried, first, last)) for first, last in pairwise(bounds) if first < last]
    by_horizon = [
        {"from_h": first * slot_s / 3600, "until_h": last * slot_s / 3600, **figures} for first, last, figures in spans if figures
    ]
    return {
        **_joined(tried, 0, n_slots),
        "by_horizon": by_horizon,
        "fit_s": float(np.mean([t.fit_s for t in tried])),
        "predict_s": float(np.mean([t.predict_s for t in tried])),
    }


def _joined(tried: Sequence[Trial], first: int, last: int) -> dict[str, Any]:
    part = slice(first, last)
    return judged(
        np.concatenate([t.actual[part] for t in tried]),
        np.concatenate([t.told[:, part] for t in tried], axis=1),
        np.concatenate([t.naive[:, part] for t in tried], axis=1),
    )


def judged(actual: Array, told: Array, naive: Array) -> dict[str, Any]:
    """Return the figures of quantiles `told` and a reference's, (len(LEVELS), n), for what came, (n,); {} if nothing is known.

    `rmae` and `rcrps` are relative to the reference on the same values, None where that never errs.
    """
    known = np.isfinite(actual) & np.isfinite(naive).all(axis=0)
    if not known.any():
        return {}
    actual, told, naive = actual[known], told[:, known], naive[:, known]
    mae, naive_mae = float(np.abs(actual - told[MEDIAN]).mean()), float(np.abs(actual - naive[MEDIAN]).mean())
    score, naive_score = float(crps(actual, told).mean()), float(crps(actual, naive).mean())
    return {
        "n": len(actual),
        "mae": mae,
        "naive_mae": naive_mae,
        "rmae": mae / naive_mae if naive_mae > 0 else None,
        "crps": score,
        "naive_crps": naive_score,
        "rcrps": score / naive_score if naive_score > 0 else None,
        "pinball": _by_level(pinball(actual, told).mean(axis=1)),
        "coverage": _by_level((actual <= told).mean(axis=1)),
        "coverage80": float(((actual >= told[LOW]) & (actual <= told[HIGH])).mean()),
        "crossings": int((np.diff(told, axis=0) < 0).sum()),
    }


def _by_level(values: Array) -> dict[str, float]:
    return {f"{level:g}": float(value) for level, value in zip(LEVELS, values, strict=True)}
