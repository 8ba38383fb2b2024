"""Nothing or at least the least power: what a charger can hold (6 A per phase on AC), near now.

    least·z ≤ power ≤ most·z,   z binary

A three-state charger is one whose least power is its most. Where one unit is asked for too little, who gets the room is chosen
among all units. Far steps stay in means: by the time they are near, they are decided again.
"""

import numpy as np

from optimizer.compiled.stamp import Index
from optimizer.highs import Answer
from optimizer.integers.choice import TOLERANCE_KW, Bounds, closed
from optimizer.integers.mip import Mip
from optimizer.readback import Readback
from v2g.holding import least_charge_kw, least_discharge_kw
from v2g.timegrid import Array

MOST_BINARIES = 400
"""Nearest first; what is beyond is left to rounding."""
NO_GAIN = 1e-6
"""On the scale of MONEY."""


class Least:
    """Columns with their least and most powers, each (k,), nearest first."""

    def __init__(self, columns: Index, least_kw: Array, most_kw: Array, step: Index) -> None:
        order = np.argsort(step, kind="stable")
        self.columns = columns[order]
        self.least_kw, self.most_kw = least_kw[order], most_kw[order]

    def broken(self, values: Array) -> Index:
        """Return all units in all near steps if one gets less than it can hold: what one gives up another takes, now or later."""
        return np.arange(len(self.columns)) if self._short(values).any() else np.empty(0, dtype=np.int64)

    def restrict(self, mip: Mip, keys: Index) -> None:
        """Add a binary for each unit and step, and its rows."""
        keys = keys[:MOST_BINARIES]
        columns, least, most = self.columns[keys], self.least_kw[keys], self.most_kw[keys]
        z, one, none = mip.integers((most >= least).astype(np.float64)), np.ones(len(keys)), np.zeros(len(keys))
        pairs = np.stack([columns, z], axis=1)
        mip.at_most(pairs, np.stack([one, -most], axis=1), none)
        mip.at_most(pairs, np.stack([-one, least], axis=1), none)

    def settle(self, values: Array, keys: Index) -> Bounds:
        """Return those that are on within their powers, the others closed."""
        keys = keys[:MOST_BINARIES]
        on = values[self.columns[keys]] > self.least_kw[keys] / 2
        return Bounds(
            columns=self.columns[keys], lower=np.where(on, self.least_kw[keys], 0.0), upper=np.where(on, self.most_kw[keys], 0.0)
        )

    def round(self, values: Array, keys: Index) -> Bounds:
        """Return those closed that get less than they can hold."""
        return closed(self.columns[keys[self._short(values)[keys]]])

    def missed(self, answer: Answer) -> Bounds | None:
        """Return the closed power whose least would gain most by the answer's reduced costs, held; None if none gains."""
        gain = -answer.column_dual[self.columns] * self.least_kw
        gain[(answer.values[self.columns] > TOLERANCE_KW) | (self.most_kw < self.least_kw)] = 0.0
        best = np.argsort(-gain, kind="stable")[:1]
        best = best[gain[best] > NO_GAIN]
        return Bounds(columns=self.columns[best], lower=self.least_kw[best], upper=self.most_kw[best]) if len(best) else None

    def _short(self, values: Array) -> Array:
        power = values[self.columns]
        return np.asarray((power > TOLERANCE_KW) & (power < self.least_kw - TOLERANCE_KW))


def least_powers(back: Readback) -> Least | None:
    """Return the least powers of all units near now, None if none has any."""
    least_kw = {"charge_kw": least_charge_kw(back.problem), "discharge_kw": least_discharge_kw(back.problem)}
    if not any(least.any() for least in least_kw.values()):
        return None
    parts = []
    for name, least in least_kw.items():
        places = back.places(name)[:, : least.shape[1]]
        unit, step = np.nonzero((places >= 0) & (least > TOLERANCE_KW))
        columns = places[unit, step]
        parts.append((columns, least[unit, step], back.reduced.col_upper[columns], step))
    return Least(*(np.concatenate(part) for part in zip(*parts, strict=True)))
