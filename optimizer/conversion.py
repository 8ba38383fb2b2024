"""The one energy function: what of the power at the AC side is stored, and what is drawn from the storage to give it.

    stored_kw = η_c·c − knee_loss_frac·max(0, c − knee_kw) − standby(c)
    drawn_kw  = d/η_d + knee_loss_frac·max(0, d − knee_kw) + standby(d)
    standby(p) = standby_kw·(1 − p/knee_kw)   while 0 < p < knee_kw, else 0

Near now (`v2g.holding.near_steps`) powers are held as planned, and standby counts in full: it jumps at 0, so that whether a unit
runs is chosen (`optimizer.integers.standby`). Further off powers are means: who runs for a share of the step at the knee, or at its
most where that is below, has the least losses, in proportion to the mean. That is the concave envelope of the function above:

    standby(p) = standby_kw·(p/run_kw − p/knee_kw)   while p < knee_kw,   run_kw = min(knee_kw, most power)

Without standby the first is concave and the second convex: the linear model holds them (`optimizer.model.conversion`).
Source: losses of a converter as constant, linear and progressive in power, e.g. Schmidt and Sauer (1996), "Wechselrichter-
Wirkungsgrade", Sonnenenergie 4; here piecewise linear.
"""

from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from v2g.holding import near_steps
from v2g.problem import Problem
from v2g.timegrid import Array

RUNNING_KW = 1e-6
"""Below this a converter stands still."""
UNREACHED_KW = 1e9
"""Where a knee is that is not there: far from any power, and near enough to reckon with."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Conversion:
    """The energy function of n storages in T steps: all (n, T), or (n,) of one step, as are the powers [kW, ≥ 0].

    Efficiencies include standby where it is in proportion to the mean; `standby_kw` is what jumps. An efficiency ≤ 0 is that of a
    converter whose most power does not make up for its standby.
    """

    charge_efficiency: Array
    discharge_efficiency: Array
    knee_kw: Array
    knee_loss_frac: Array
    standby_kw: Array

    @classmethod
    def of(cls, problem: Problem) -> Self:
        """Return the energy function of a problem's storages."""
        plain, c = cls.without_standby(problem), problem.storages.converters
        if c is None or not c.standby_kw.any():
            return plain
        s, far = problem.storages, np.arange(problem.grid.n_steps) >= near_steps(problem.grid)
        standby = np.broadcast_to(c.standby_kw[:, None], problem.shape)
        lost, drawn = (
            far * standby * (1.0 / run_kw(problem, most) - 1.0 / plain.knee_kw) for most in (s.charge_max_kw, s.discharge_max_kw)
        )
        return cls(
            charge_efficiency=plain.charge_efficiency - lost,
            discharge_efficiency=1.0 / (1.0 / plain.discharge_efficiency + drawn),
            knee_kw=plain.knee_kw,
            knee_loss_frac=plain.knee_loss_frac,
            standby_kw=np.where(far, 0.0, standby),
        )

    @classmethod
    def without_standby(cls, problem: Problem) -> Self:
        """Return the energy function as it were without standby: it stores no less and draws no more."""
        s, c, none = problem.storages, problem.storages.converters, np.zeros(problem.shape[0])
        values = {
            "charge_efficiency": s.charge_efficiency,
            "discharge_efficiency": s.discharge_efficiency,
            "knee_kw": none + UNREACHED_KW if c is None else np.minimum(c.knee_kw, UNREACHED_KW),
            "knee_loss_frac": none if c is None else c.knee_loss_frac,
            "standby_kw": none,
        }
        return cls(**{name: np.broadcast_to(value[:, None], problem.shape) for name, value in values.items()})

    def at(self, step: int) -> Self:
        """Return the energy function of one step."""
        return type(self)(**{f.name: getattr(self, f.name)[:, step] for f in fields(self)})

    def stored_kw(self, charge_kw: Array) -> Array:
        """Return what is stored [kW]; below 0 where standby takes more than comes in."""
        return self.charge_efficiency * charge_kw - self._extra_kw(charge_kw)

    def drawn_kw(self, discharge_kw: Array) -> Array:
        """Return what leaves the storage [kW]."""
        return discharge_kw / self.discharge_efficiency + self._extra_kw(discharge_kw)

    def charge_kw(self, stored_kw: Array) -> Array:
        """Return the charging power that stores as much [kW]; 0 for nothing, inf where no power stores anything."""
        efficiency, knee, loss = self.charge_efficiency, self.knee_kw, self.knee_loss_frac
        stores = efficiency > 0
        slope = np.where(stores, efficiency + self.standby_kw / knee, 1.0)
        low = (stored_kw + self.standby_kw) / slope
        high = knee + (stored_kw - efficiency * knee) / np.where(stores, efficiency - loss, 1.0)
        power = np.where(stores, np.where(stored_kw <= efficiency * knee, low, high), np.inf)
        return np.where(stored_kw > 0, power, 0.0)

    def discharge_kw(self, drawn_kw: Array) -> Array:
        """Return the discharging power for which as much leaves the storage [kW]; 0 where that is no more than standby."""
        efficiency, knee, standby = self.discharge_efficiency, self.knee_kw, self.standby_kw
        low = (drawn_kw - standby) / (1.0 / efficiency - standby / knee)
        high = knee + (drawn_kw - knee / efficiency) / (1.0 / efficiency + self.knee_loss_frac)
        return np.where(drawn_kw > standby, np.where(drawn_kw <= knee / efficiency, low, high), 0.0)

    def _extra_kw(self, power_kw: Array) -> Array:
        lost = self.knee_loss_frac * np.maximum(power_kw - self.knee_kw, 0.0)
        if not self.standby_kw.any():
            return np.asarray(lost)
        return np.asarray(
            lost + np.where(power_kw > RUNNING_KW, self.standby_kw * np.maximum(1.0 - power_kw / self.knee_kw, 0.0), 0.0)
        )


def run_kw(problem: Problem, most_kw: Array) -> Array:
    """Return the power at which a unit runs with the least losses by standby, (n, T) [kW]; away, that of when it is there."""
    c = problem.storages.converters
    knee = np.full(problem.shape[0], UNREACHED_KW) if c is None else np.minimum(c.knee_kw, UNREACHED_KW)
    there = np.where(most_kw > 0, most_kw, most_kw.max(axis=1, keepdims=True, initial=0.0))
    return np.where(there > 0, np.minimum(there, knee[:, None]), knee[:, None])
