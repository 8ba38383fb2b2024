"""Whether a unit runs near now: standby is lost while it does, however little power flows.

    least·on ≤ power ≤ most·on,   power − above ≤ knee,   above ≤ (most − knee)·w,   below ≤ knee·(1 − w),   on and w binary

`on` is a column of the program (`optimizer.model.conversion`). Whole, with the knee taken as it is, its loss is the true one.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.compiled.stamp import Index
from optimizer.conversion import RUNNING_KW, UNREACHED_KW
from optimizer.integers.choice import Bounds
from optimizer.integers.mip import Mip
from optimizer.model.conversion import KNEE, STANDBY
from optimizer.readback import Readback
from v2g.holding import near_steps, run_least_kw
from v2g.timegrid import Array

TOLERANCE_KW = 1e-6
"""Losses that differ by less are the same: finer than powers, for they add up in what is stored."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Places:
    """Units' columns in one direction, each (k,): power, whether it runs, and what is above and below the knee (−1: not passed).

    With their standby, knee, least and most powers [kW].
    """

    power: Index
    runs: Index
    above: Index
    below: Index
    standby_kw: Array
    knee_kw: Array
    least_kw: Array
    most_kw: Array

    def of(self, keys: Index) -> "Places":
        """Return some of the places."""
        return Places(**{name: getattr(self, name)[keys] for name in self.__slots__})

    @property
    def passes(self) -> NDArray[np.bool_]:
        """Whether the power can pass the knee, (k,)."""
        return np.asarray(self.above >= 0)


class Standby:
    """Places where running costs, nearest first."""

    def __init__(self, places: Places) -> None:
        self.places = places

    def broken(self, values: Array) -> Index:
        """Return where the loss is not that of the power."""
        p = self.places
        power = values[p.power]
        above = np.where(p.passes, values[p.above], 0.0)
        told = values[p.runs] - (power - above) / p.knee_kw
        true = np.where(power > RUNNING_KW, np.maximum(1.0 - power / p.knee_kw, 0.0), 0.0)
        return np.flatnonzero(p.standby_kw * np.abs(told - true) > TOLERANCE_KW)

    def restrict(self, mip: Mip, keys: Index) -> None:
        """Make running whole, and power a matter of it; either above or below the knee."""
        p, one = self.places.of(keys), np.ones(len(keys))
        mip.make_whole(p.runs)
        pairs = np.stack([p.power, p.runs], axis=1)
        mip.at_most(pairs, np.stack([one, -p.most_kw], axis=1), 0.0 * one)
        mip.at_most(pairs, np.stack([-one, p.least_kw], axis=1), 0.0 * one)
        p = p.of(np.flatnonzero(p.passes))
        one = np.ones(len(p.power))
        beyond = mip.integers(one)
        mip.at_most(np.stack([p.above, beyond], axis=1), np.stack([one, p.knee_kw - p.most_kw], axis=1), 0.0 * one)
        mip.at_most(np.stack([p.below, beyond], axis=1), np.stack([one, p.knee_kw], axis=1), p.knee_kw)

    def settle(self, values: Array, keys: Index) -> Bounds:
        """Return who runs and who does not, and on which side of the knee."""
        p = self.places.of(keys)
        on, beyond = values[p.runs] > 0.5, values[p.power] > p.knee_kw
        bounds = [
            Bounds(columns=p.runs, lower=on.astype(np.float64), upper=on.astype(np.float64)),
            Bounds(columns=p.power, lower=np.where(on, p.least_kw, 0.0), upper=np.where(on, p.most_kw, 0.0)),
        ]
        for columns, closed in ((p.above, ~beyond), (p.below, beyond)):
            shut = columns[p.passes & closed]
            bounds.append(Bounds(columns=shut, lower=np.zeros(len(shut)), upper=np.zeros(len(shut))))
        return Bounds(**{name: np.concatenate([getattr(b, name) for b in bounds]) for name in Bounds.__slots__})

    def round(self, values: Array, keys: Index) -> Bounds:
        """Return who has enough power to run running, the others not."""
        enough = values.copy()
        p = self.places.of(keys)
        enough[p.runs] = values[p.power] >= p.least_kw
        return self.settle(enough, keys)


def standby_losses(back: Readback) -> Standby | None:
    """Return all units near now that have standby losses, None if none has any."""
    c, s = back.problem.storages.converters, back.problem.storages
    if c is None or STANDBY not in back.program.stamp.template.structure.used:
        return None
    near, least_kw = near_steps(back.problem.grid), run_least_kw(back.problem)
    bent = KNEE in back.program.stamp.template.structure.used
    parts = []
    for name, least, most in zip(("charge", "discharge"), least_kw, (s.charge_max_kw, s.discharge_max_kw), strict=True):
        runs = back.places(f"{name}_on")[:, :near]
        unit, step = np.nonzero(runs >= 0)
        above, below = (
            back.places(f"{name}_{side}_kw")[unit, step] if bent else np.full(len(unit), -1) for side in ("above", "below")
        )
        parts.append(
            {
                "power": back.places(f"{name}_kw")[unit, step],
                "runs": runs[unit, step],
                "above": above,
                "below": below,
                "standby_kw": c.standby_kw[unit],
                "knee_kw": np.minimum(c.knee_kw[unit], UNREACHED_KW),
                "least_kw": least[unit],
                "most_kw": most[unit, step],
            }
        )
    return Standby(Places(**{name: np.concatenate([part[name] for part in parts]) for name in parts[0]}))
