"""The one energy function: what of the power at the AC side is stored, and what is drawn from the storage to give it.

    stored_kw = η_c·c − knee_loss_frac·max(0, c − knee_kw) − standby(c)
    drawn_kw  = d/η_d + knee_loss_frac·max(0, d − knee_kw) + standby(d)
    standby(p) = standby_kw·(1 − p/knee_kw)   while 0 < p < knee_kw, else 0

Without standby the first is concave and the second convex: the linear model holds them (`optimizer.model.conversion`). Standby
jumps at 0; the least concave function above is the one without it, so that is what the relaxation sees.
Source: losses of a converter as constant, linear and progressive in power, e.g. Schmidt and Sauer (1996), "Wechselrichter-
Wirkungsgrade", Sonnenenergie 4; here piecewise linear.
"""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from v2g.storages import Storages
from v2g.timegrid import Array

RUNNING_KW = 1e-6
"""Below this a converter stands still."""
UNREACHED_KW = 1e9
"""Where a knee is that is not there: far from any power, and near enough to reckon with."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Conversion:
    """The energy function of n storages; powers are (n,) or (n, T) [kW, ≥ 0]. `bent` says whether it is more than efficiencies."""

    charge_efficiency: Array
    discharge_efficiency: Array
    knee_kw: Array
    knee_loss_frac: Array
    standby_kw: Array
    bent: bool

    @classmethod
    def of(cls, s: Storages) -> Self:
        """Return the energy function of storages."""
        c, none = s.converters, np.zeros(s.n_units)
        return cls(
            charge_efficiency=s.charge_efficiency,
            discharge_efficiency=s.discharge_efficiency,
            knee_kw=none + UNREACHED_KW if c is None else np.minimum(c.knee_kw, UNREACHED_KW),
            knee_loss_frac=none if c is None else c.knee_loss_frac,
            standby_kw=none if c is None else c.standby_kw,
            bent=c is not None and bool((c.knee_loss_frac > 0).any() or (c.standby_kw > 0).any()),
        )

    def without_standby(self) -> Self:
        """Return what the linear relaxation sees."""
        return replace(self, standby_kw=np.zeros_like(self.standby_kw))

    def stored_kw(self, charge_kw: Array) -> Array:
        """Return what is stored [kW]; below 0 where standby takes more than comes in."""
        return _rows(self.charge_efficiency, charge_kw) * charge_kw - self._extra_kw(charge_kw)

    def drawn_kw(self, discharge_kw: Array) -> Array:
        """Return what leaves the storage [kW]."""
        return discharge_kw / _rows(self.discharge_efficiency, discharge_kw) + self._extra_kw(discharge_kw)

    def charge_kw(self, stored_kw: Array) -> Array:
        """Return the charging power that stores as much [kW]; 0 for nothing."""
        efficiency, knee, loss, standby = (_rows(x, stored_kw) for x in (self.charge_efficiency, *self._bends))
        low = (stored_kw + standby) / (efficiency + standby / knee)
        high = knee + (stored_kw - efficiency * knee) / (efficiency - loss)
        return np.where(stored_kw > 0, np.where(stored_kw <= efficiency * knee, low, high), 0.0)

    def discharge_kw(self, drawn_kw: Array) -> Array:
        """Return the discharging power for which as much leaves the storage [kW]; 0 where that is no more than standby."""
        efficiency, knee, loss, standby = (_rows(x, drawn_kw) for x in (self.discharge_efficiency, *self._bends))
        low = (drawn_kw - standby) / (1.0 / efficiency - standby / knee)
        high = knee + (drawn_kw - knee / efficiency) / (1.0 / efficiency + loss)
        return np.where(drawn_kw > standby, np.where(drawn_kw <= knee / efficiency, low, high), 0.0)

    @property
    def break_even_kw(self) -> Array:
        """Charging power below which standby takes more than comes in, (n,) [kW]."""
        return self.standby_kw / (self.charge_efficiency + self.standby_kw / self.knee_kw)

    @property
    def _bends(self) -> tuple[Array, Array, Array]:
        return self.knee_kw, self.knee_loss_frac, self.standby_kw

    def _extra_kw(self, power_kw: Array) -> Array:
        if not self.bent:
            return np.zeros_like(power_kw)
        knee, loss, standby = (_rows(x, power_kw) for x in self._bends)
        idles = np.where(power_kw > RUNNING_KW, standby * np.maximum(1.0 - power_kw / knee, 0.0), 0.0)
        return np.asarray(loss * np.maximum(power_kw - knee, 0.0) + idles)


def _rows(values: Array, power_kw: Array) -> Array:
    """Return one value a unit, shaped to go with powers."""
    return values[:, None] if power_kw.ndim > 1 else values
