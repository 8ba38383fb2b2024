"""Functions of time that are constant piece by piece: prices."""

from dataclasses import dataclass

import numpy as np

from v2g.timegrid import Array, TimeGrid


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curve:
    """`values[i]` holds from `edges_s[i]` to `edges_s[i + 1]` (seconds since 1970 UTC, increasing); NaN where unknown.

    `edges_s` is (n + 1,), `values` (n,); outside the edges nothing is known.
    """

    edges_s: Array
    values: Array

    def at(self, instants_s: Array) -> Array:
        """Return the value at each instant, (n,)."""
        place = np.searchsorted(self.edges_s, instants_s, side="right") - 1
        inside = (place >= 0) & (place < len(self.values))
        return np.where(inside, np.append(self.values, np.nan)[np.where(inside, place, -1)], np.nan)

    def mean_on(self, grid: TimeGrid) -> Array:
        """Return the exact time-mean over each step, NaN where the curve knows none or part of it, (n_steps,)."""
        steps_s = grid.start.timestamp() + grid.edges_h * 3600.0
        edges = np.union1d(steps_s, self.edges_s)
        edges = edges[(edges >= steps_s[0]) & (edges <= steps_s[-1])]
        pieces = self.at(0.5 * (edges[1:] + edges[:-1])) * np.diff(edges)
        first = np.searchsorted(edges, steps_s[:-1])
        return np.asarray(np.add.reduceat(pieces, first) / np.diff(steps_s))

    def known_until_s(self, instant_s: float) -> float | None:
        """Return the end of the last unbroken known stretch that begins by `instant_s`, None if there is none."""
        known = np.isfinite(self.values)
        ends = np.flatnonzero(known & ~np.append(known[1:], False)) + 1
        begins = np.flatnonzero(known & ~np.append(False, known[:-1]))
        reached = ends[self.edges_s[begins] <= instant_s]
        return float(self.edges_s[reached[-1]]) if len(reached) else None

    def knows(self, begin_s: float, end_s: float) -> bool:
        """Return whether every value from `begin_s` to `end_s` is known."""
        inside = (self.edges_s[1:] > begin_s) & (self.edges_s[:-1] < end_s)
        reaches = self.edges_s[0] <= begin_s and self.edges_s[-1] >= end_s
        return bool(reaches and np.isfinite(self.values[inside]).all())


def first_known(*curves: Curve) -> Curve:
    """Return at each instant the first of `curves` that knows a value."""
    edges = np.unique(np.concatenate([curve.edges_s for curve in curves]))
    middles = 0.5 * (edges[1:] + edges[:-1])
    values = np.full(len(middles), np.nan)
    for curve in curves:
        values = np.where(np.isfinite(values), values, curve.at(middles))
    return Curve(edges_s=edges, values=values)


NOTHING = Curve(edges_s=np.zeros(2), values=np.full(1, np.nan))
