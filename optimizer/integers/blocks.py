"""Whole blocks of contracted capacity, and whether any is bought: relaxed columns of the program, see `capacity_contract`."""

import numpy as np

from optimizer.compiled.stamp import Index
from optimizer.integers.choice import Bounds
from optimizer.integers.mip import Mip
from optimizer.readback import Readback
from v2g.timegrid import Array

COLUMNS = ("extra_blocks", "buys_blocks")
TOLERANCE = 1e-6


class Blocks:
    """Columns that count whole blocks."""

    def __init__(self, columns: Index) -> None:
        self.columns = columns

    def broken(self, values: Array) -> Index:
        """Return the counts that are not whole."""
        return np.flatnonzero(np.abs(values[self.columns] - np.rint(values[self.columns])) > TOLERANCE)

    def restrict(self, mip: Mip, keys: Index) -> None:
        """Make the counts whole."""
        mip.make_whole(self.columns[keys])

    def settle(self, values: Array, keys: Index) -> Bounds:
        """Return the counts fixed at the nearest whole number."""
        count = np.rint(values[self.columns[keys]])
        return Bounds(columns=self.columns[keys], lower=count, upper=count)

    def round(self, values: Array, keys: Index) -> Bounds:
        """Return the counts fixed at the next whole number above: paying for more than is needed is always possible."""
        count = np.ceil(values[self.columns[keys]] - TOLERANCE)
        return Bounds(columns=self.columns[keys], lower=count, upper=count)


def capacity_blocks(back: Readback) -> Blocks | None:
    """Return the blocks to be bought, None if the program has none."""
    columns = np.concatenate([back.places(name).ravel() for name in COLUMNS])
    return Blocks(columns[columns >= 0]) if (columns >= 0).any() else None
