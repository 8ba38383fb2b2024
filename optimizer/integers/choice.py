"""What a choice is: where an answer breaks it, how a mixed-integer program keeps it, and what is then fixed."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from optimizer.compiled.stamp import Index
from optimizer.integers.mip import Mip
from v2g.timegrid import Array

TOLERANCE_KW = 1e-5
"""Powers below this are none; differences below it are none."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bounds:
    """Tighter bounds for `columns` of the linear program, each (k,). Where two disagree the upper one counts: closing wins."""

    columns: Index
    lower: Array
    upper: Array


class Choice(Protocol):
    """One kind of discrete rule. Its places where something is to be chosen are numbered, nearest first: the *keys*.

    Values are those of the columns of the loaded program.
    """

    def broken(self, values: Array) -> Index:
        """Return the keys of what `values` break, and of all that must be chosen together with it."""

    def restrict(self, mip: Mip, keys: Index) -> None:
        """Add the integer columns and rows that keep the choice at `keys`."""

    def settle(self, values: Array, keys: Index) -> Bounds:
        """Return the bounds within which the alternatives stay that `values`, which keep the choice, have taken."""

    def round(self, values: Array, keys: Index) -> Bounds:
        """Return bounds that leave nothing of what `values` break, and that idle storages keep."""


def closed(columns: Index) -> Bounds:
    """Return bounds that allow nothing."""
    none = np.zeros(len(columns))
    return Bounds(columns=columns, lower=none, upper=none)


def at_most(columns: Index, upper: Array) -> Bounds:
    """Return bounds from above only."""
    return Bounds(columns=columns, lower=np.full(len(columns), -np.inf), upper=upper)
