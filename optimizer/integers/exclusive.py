"""Columns of which only one of each pair may be used.

    a ≤ a_max·z,   b ≤ b_max·(1 − z),   z binary

*Either–or*: a storage charges and discharges, or a site imports and exports, in one step. That burns energy: at prices ≥ 0 it never
pays, so the linear program does not do it. Where it pays (negative prices, export dearer than import, an export limit that burning
would keep) it must be forbidden, near or far: the plan would count on money that is not there.
*Rest*: a unit that needs `rest_h` at zero between charging and discharging does not do one sooner than that after the other.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from optimizer.compiled.stamp import Index
from optimizer.integers.choice import TOLERANCE_KW, Bounds, closed
from optimizer.integers.mip import Mip
from optimizer.readback import Readback
from v2g.holding import TOLERANCE_H, near_steps
from v2g.timegrid import Array


class Exclusive:
    """Pairs of columns, (k, 2). Using both does not matter where it is harmless (k,) and `is_true` of the values."""

    def __init__(
        self, pairs: Index, harmless: NDArray[np.bool_] | None = None, is_true: Callable[[Array], bool] = lambda _: False
    ) -> None:
        self.pairs, self.is_true = pairs, is_true
        self.harmless = np.zeros(len(pairs), dtype=bool) if harmless is None else harmless

    def broken(self, values: Array) -> Index:
        """Return the pairs of which both columns are used, where it matters."""
        both = (values[self.pairs] > TOLERANCE_KW).all(axis=1)
        if (both & self.harmless).any() and self.is_true(values):
            both &= ~self.harmless
        return np.flatnonzero(both)

    def restrict(self, mip: Mip, keys: Index) -> None:
        """Add a binary for each pair and the rows that make it exclusive."""
        a, b = self.pairs[keys].T
        z = mip.integers(np.ones(len(keys)))
        a_max, b_max = mip.col_upper[a], mip.col_upper[b]
        mip.at_most(np.stack([a, z], axis=1), np.stack([np.ones(len(keys)), -a_max], axis=1), np.zeros(len(keys)))
        mip.at_most(np.stack([b, z], axis=1), np.stack([np.ones(len(keys)), b_max], axis=1), b_max)

    def settle(self, values: Array, keys: Index) -> Bounds:
        """Return the less used column of each pair closed."""
        a, b = self.pairs[keys].T
        return closed(np.unique(np.where(values[a] >= values[b], b, a)))

    round = settle


class Barred:
    """Columns that may not be used at all: what a rest that has begun still forbids."""

    def __init__(self, columns: Index) -> None:
        self.columns = columns

    def broken(self, values: Array) -> Index:
        """Return the columns that are used."""
        return np.flatnonzero(values[self.columns] > TOLERANCE_KW)

    def restrict(self, mip: Mip, keys: Index) -> None:
        """Close the columns."""
        mip.close(self.columns[keys])

    def settle(self, _: Array, keys: Index) -> Bounds:
        """Return the columns closed."""
        return closed(self.columns[keys])

    round = settle


def either_or(back: Readback, *, strict_near: bool) -> Exclusive:
    """Return charge or discharge of each storage and step, import or export of each step.

    Both at once do no harm if the flows, their netted powers, are worth what was promised; where powers near now must be
    held as they are (`strict_near`), netting is no way out there.
    """
    storages = np.stack([back.places("charge_kw"), back.places("discharge_kw")], axis=-1)
    harmless = np.ones(storages.shape[:2], dtype=bool)
    harmless[:, : near_steps(back.problem.grid)] = not strict_near
    site = np.stack([back.places("import_kw"), back.places("export_kw")], axis=-1)
    pairs = np.vstack([storages.reshape(-1, 2), site])
    harmless = np.r_[harmless.ravel(), np.ones(len(site), dtype=bool)]
    free = (pairs >= 0).all(axis=1)
    return Exclusive(pairs[free], harmless[free], back.is_true)


def rests(back: Readback) -> tuple[Exclusive, Barred] | None:
    """Return what units that need a rest may not do near now, None if none needs any."""
    c, grid = back.problem.storages.converters, back.problem.grid
    if c is None or not c.rest_h.any():
        return None
    near = near_steps(grid)
    start, end = grid.edges_h[:near], grid.edges_h[1 : near + 1]
    charge, discharge = back.places("charge_kw")[:, :near], back.places("discharge_kw")[:, :near]
    # Hours between the end of step t and the start of a later step s; a step is no rest to itself.
    gap_h = np.where(np.eye(near) > 0, 0.0, np.maximum(start[None, :] - end[:, None], start[:, None] - end[None, :]))
    unit, first, second = np.nonzero(gap_h[None] < c.rest_h[:, None, None] - TOLERANCE_H)
    pairs = np.stack([charge[unit, first], discharge[unit, second]], axis=1)
    resting = start[None, :] < c.rest_h[:, None] - TOLERANCE_H
    force = np.nan_to_num(c.in_force_kw)[:, None]
    columns = np.r_[charge[resting & (force < -TOLERANCE_KW)], discharge[resting & (force > TOLERANCE_KW)]]
    return Exclusive(pairs[(pairs >= 0).all(axis=1)]), Barred(columns[columns >= 0])
