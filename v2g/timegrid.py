"""The planning horizon: steps that may differ in length, fine near now and coarse far away."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from v2g.errors import ProblemError

Array = NDArray[np.float64]
YEARS = range(1970, 2200)
"""A grid starts in one of these; other years are typing errors."""
LONGEST_H = 10 * 366 * 24
HOUR_TOLERANCE_H = 1e-6
LEAST_FIRST_SHARE = 0.1
"""A first step shorter than this share of a fine step is joined to the next one."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TimeGrid:
    """Consecutive steps from `start`.

    Parameters
    ----------
    start : datetime
        Aware UTC instant at which step 0 begins.
    step_h : (n_steps,) float64
        Length of each step [h], all positive.

    Raises `ProblemError` on a naive start or one in no year of ours, an empty grid, a step that is not positive and finite, and
    steps that last longer than ten years.
    """

    start: datetime
    step_h: Array

    def __post_init__(self) -> None:
        if self.start.tzinfo is None:
            raise ProblemError("the start has no time zone", place="grid.start", mend="give UTC, e.g. 2026-01-01T00:00:00Z")
        if self.start.year not in YEARS:
            mend = f"give a year from {YEARS[0]} to {YEARS[-1]}"
            raise ProblemError(f"the start is in the year {self.start.year}", place="grid.start", mend=mend)
        if self.step_h.ndim != 1 or not len(self.step_h):
            raise ProblemError("the grid has no steps", place="grid.step_h", mend="give at least one step")
        if not (np.isfinite(self.step_h).all() and (self.step_h > 0).all()):
            raise ProblemError("a step is not positive", place="grid.step_h", mend="give each step's length in hours")
        if self.step_h.sum() > LONGEST_H:
            mend = f"at most {LONGEST_H} h; lengths are in hours"
            raise ProblemError(f"the steps last {self.step_h.sum():g} h", place="grid.step_h", mend=mend)

    @classmethod
    def uniform(cls, start: datetime, *, step_h: float, n_steps: int) -> "TimeGrid":
        """Return a grid of `n_steps` equal steps of `step_h` [h]."""
        return cls(start=start, step_h=np.full(n_steps, step_h))

    @classmethod
    def fine_then_coarse(cls, start: datetime, *, fine_h: float, n_fine: int, coarse_h: float, n_coarse: int) -> "TimeGrid":
        """Return `n_fine` steps of `fine_h`, then `n_coarse` steps of `coarse_h` [h].

        The first step of each length is cut so that the others begin at its multiples in UTC, where prices and limits change: a
        price of an hour is one step's and no mean of two. The number of steps is always the same, so that planners can keep what
        they compiled.
        """
        from_h = start.timestamp() / 3600.0
        fine = np.r_[_first_h(from_h, fine_h), np.full(n_fine - 1, fine_h)]
        coarse = np.full(n_coarse, coarse_h)
        coarse[:1] = _first_h(from_h + fine.sum(), coarse_h)
        return cls(start=start, step_h=np.r_[fine, coarse])

    @property
    def n_steps(self) -> int:
        """Number of steps."""
        return len(self.step_h)

    @property
    def edges_h(self) -> Array:
        """Offsets of all step boundaries from `start` [h], (n_steps + 1,)."""
        return np.concatenate(([0.0], np.cumsum(self.step_h)))

    @property
    def end(self) -> datetime:
        """Instant at which the last step ends."""
        return self.start + timedelta(hours=float(self.step_h.sum()))

    @property
    def starts(self) -> tuple[datetime, ...]:
        """Instant at which each step begins, (n_steps,)."""
        return tuple(self.start + timedelta(hours=float(h)) for h in self.edges_h[:-1])

    def by_hour(self) -> "TimeGrid":
        """Return the same span with all steps that begin in one clock hour (UTC) as one."""
        hour = np.floor(self.start.timestamp() / 3600.0 + self.edges_h[:-1] + HOUR_TOLERANCE_H)
        begins = np.flatnonzero(np.diff(hour, prepend=hour[0] - 1.0))
        return TimeGrid(start=self.start, step_h=np.add.reduceat(self.step_h, begins))

    def offset_h(self, instant: datetime) -> float:
        """Return the hours from `start` to `instant`; negative before the grid."""
        return (instant.astimezone(UTC) - self.start) / timedelta(hours=1)

    def coverage(self, begin: datetime, end: datetime) -> Array:
        """Return the share of each step that lies in [begin, end), (n_steps,) in 0..1."""
        low, high = self.offset_h(begin), self.offset_h(end)
        edges = self.edges_h
        inside_h = np.minimum(edges[1:], high) - np.maximum(edges[:-1], low)
        return np.asarray(np.clip(inside_h, 0.0, None) / self.step_h)

    def whole_steps_until(self, instant: datetime) -> int:
        """Return how many whole steps end at or before `instant` (1 ns tolerance), 0..n_steps."""
        return int(np.searchsorted(self.edges_h[1:], self.offset_h(instant) + 1e-9, side="right"))


def _first_h(from_h: float, step_h: float) -> float:
    """Return how long a step from `from_h` [h] lasts that ends at a multiple of `step_h`; hardly anything is joined to the next."""
    first_h = step_h - from_h % step_h
    return first_h if first_h >= step_h * LEAST_FIRST_SHARE else first_h + step_h
