"""Whole multiples of `power_step_kw` in the first step, the one that is sent.

power = step·k,   k = 0, 1, …, ⌊most/step⌋
"""

import numpy as np

from optimizer.compiled.stamp import Index
from optimizer.integers.choice import TOLERANCE_KW, Bounds, at_most
from optimizer.integers.mip import Mip
from optimizer.readback import Readback
from v2g.timegrid import Array


class Steps:
    """Columns with the step of each, (k,)."""

    def __init__(self, columns: Index, step_kw: Array) -> None:
        self.columns, self.step_kw = columns, step_kw

    def broken(self, values: Array) -> Index:
        """Return the columns that are not at a whole step."""
        return np.flatnonzero(np.abs(values[self.columns] - self._nearest(values, np.arange(len(self.columns)))) > TOLERANCE_KW)

    def restrict(self, mip: Mip, keys: Index) -> None:
        """Add the number of steps, and the rows that tie the power to it."""
        step, columns = self.step_kw[keys], self.columns[keys]
        number = mip.integers(np.floor((mip.col_upper[columns] + TOLERANCE_KW) / step))
        pairs, factors = np.stack([columns, number], axis=1), np.stack([np.ones(len(keys)), -step], axis=1)
        mip.at_most(pairs, factors, np.zeros(len(keys)))
        mip.at_most(pairs, -factors, np.zeros(len(keys)))

    def settle(self, values: Array, keys: Index) -> Bounds:
        """Return the powers fixed at the nearest whole step."""
        power = self._nearest(values, keys)
        return Bounds(columns=self.columns[keys], lower=power, upper=power)

    def round(self, values: Array, keys: Index) -> Bounds:
        """Return the powers bounded by the next whole step below."""
        step = self.step_kw[keys]
        return at_most(self.columns[keys], np.floor((values[self.columns[keys]] + TOLERANCE_KW) / step) * step)

    def _nearest(self, values: Array, keys: Index) -> Array:
        return np.asarray(np.rint(values[self.columns[keys]] / self.step_kw[keys]) * self.step_kw[keys])


def power_steps(back: Readback) -> Steps | None:
    """Return the steps of all units, None if none has any."""
    c = back.problem.storages.converters
    if c is None or not c.power_step_kw.any():
        return None
    columns = np.concatenate([back.places("charge_kw")[:, 0], back.places("discharge_kw")[:, 0]])
    step = np.tile(c.power_step_kw, 2)
    chosen = (columns >= 0) & (step > TOLERANCE_KW)
    return Steps(columns[chosen], step[chosen])
