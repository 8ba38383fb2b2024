"""When each of many cars leaves, on the planning grid: until when it is here, how likely it goes when, when it must be ready."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from v2g.outlook import LEVELS, Departure
from v2g.site import Rules
from v2g.timegrid import Array, TimeGrid

EDGE_H = 1e-9
"""A promise due this little before a step's end is due at its end: arithmetic, not intent."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Leaving:
    """n cars on a grid of T steps.

    Parameters
    ----------
    here : (n, T)
        1 for the steps in which the car may still be here, at least the first; else 0.
    probability : (n, T)
        Probability of leaving in each step, from the quantiles joined by straight lines.
    due_h : (n,)
        Hours until the promise is due, ≥ 0: the stated departure or an early quantile, the sooner.
    due_step : (n,)
        Steps before it is due. What is overdue is due at the end of the first step: as soon as can be, never "no promise".
    """

    here: Array
    probability: Array
    due_h: Array
    due_step: NDArray[np.int64]


def leaving(departures: Sequence[Departure | None], stated: Sequence[datetime | None], rules: Rules, grid: TimeGrid) -> Leaving:
    """Return when cars leave whose `departures` are forecast and whose drivers have `stated` theirs, None where nobody knows."""
    begin_s, edges_h = grid.start.timestamp(), grid.edges_h
    known = np.array([d is not None for d in departures], dtype=np.bool_)
    told_s = [[t.timestamp() for t in d.quantiles] if d else [begin_s] * len(LEVELS) for d in departures]
    offsets_h = (np.array(told_s).reshape(-1, len(LEVELS)) - begin_s) / 3600.0
    stated_h = (np.array([np.inf if t is None else t.timestamp() for t in stated]) - begin_s) / 3600.0
    due_h = np.minimum(stated_h, np.where(known, _at_level(1.0 - rules.target_probability, offsets_h), np.inf))
    due_h = np.where(np.isfinite(due_h), due_h, rules.default_stay_h)
    here = np.where(known[:, None] & (edges_h[:-1] >= offsets_h[:, -1, None]), 0.0, 1.0)
    here[:, :1] = 1.0
    left = np.where(known[:, None], _left_by(edges_h[1:], offsets_h), 0.0)
    return Leaving(
        here=here,
        probability=np.diff(left, axis=1, prepend=0.0),
        due_h=np.maximum(due_h, 0.0),
        due_step=np.maximum(np.searchsorted(edges_h[1:], due_h + EDGE_H, side="right"), 1).astype(np.int64),
    )


def _at_level(level: float, offsets_h: Array) -> Array:
    """Return the quantiles (n,) at `level`, between those of `LEVELS` (n, len(LEVELS)) along straight lines."""
    i = int(np.clip(np.searchsorted(LEVELS, level) - 1, 0, len(LEVELS) - 2))
    share = np.clip((level - LEVELS[i]) / (LEVELS[i + 1] - LEVELS[i]), 0.0, 1.0)
    return np.asarray(offsets_h[:, i] + share * (offsets_h[:, i + 1] - offsets_h[:, i]))


def _left_by(times_h: Array, offsets_h: Array) -> Array:
    """Return the probability that each car has left by each time, (n, len(times_h)), from 0 now along its quantiles (n, levels)."""
    marks = np.maximum.accumulate(np.c_[np.zeros(len(offsets_h)), np.maximum(offsets_h, 0.0)], axis=1)
    left = np.zeros((len(offsets_h), len(times_h)))
    for i, level in enumerate(np.diff((0.0, *LEVELS))):
        begins, length = marks[:, i, None], (marks[:, i + 1] - marks[:, i])[:, None]
        passed = np.where(length > 0.0, (times_h - begins) / np.where(length > 0.0, length, 1.0), times_h >= begins)
        left += level * np.clip(passed, 0.0, 1.0)
    return left
