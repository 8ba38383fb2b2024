"""Shared power cabinets: guns draw any power, but hold whole modules, and no module serves two guns."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from v2g.bounds import UnitBounds
from v2g.timegrid import Array

ROUNDING_KW = 1e-6
"""A power this little above whole modules takes no further one: arithmetic, not intent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cabinet:
    """`n_free` modules of `module_kw` [kW] at a circuit, for the units directly at it and for either direction."""

    circuit_id: str
    module_kw: float
    n_free: int


def modules(power_kw: Array | float, module_kw: float) -> Array:
    """Return how many whole modules each power takes, whatever its direction."""
    return np.ceil(np.maximum(np.abs(power_kw) - ROUNDING_KW, 0.0) / module_kw)


def modules_used(cabinets: Sequence[Cabinet], units: Sequence[UnitBounds], power_kw: Array) -> Array:
    """Return the modules that the `units` together hold of each cabinet at `power_kw` (n,) [kW], (k,)."""
    at = np.array([unit.circuit_id for unit in units])
    return np.array([modules(power_kw[at == c.circuit_id], c.module_kw).sum() for c in cabinets])


class Racks:
    """The modules left while units are granted power one by one; what a unit may draw unconfirmed is its own from the start."""

    def __init__(self, cabinets: Sequence[Cabinet], units: Sequence[UnitBounds]) -> None:
        self._module_kw = {c.circuit_id: c.module_kw for c in cabinets}
        self._left = {c.circuit_id: float(c.n_free) for c in cabinets}
        for unit in units:
            if unit.circuit_id in self._left:
                self._left[unit.circuit_id] -= self._own(unit)

    def most_kw(self, unit: UnitBounds) -> float:
        """Return what the modules left, and the unit's own, can give it or take from it [kW]; inf away from cabinets."""
        if unit.circuit_id not in self._left:
            return np.inf
        return max(self._left[unit.circuit_id] + self._own(unit), 0.0) * self._module_kw[unit.circuit_id]

    def take(self, unit: UnitBounds, power_kw: float) -> None:
        """Give the unit the modules that `power_kw` needs."""
        if unit.circuit_id in self._left:
            needed = float(modules(power_kw, self._module_kw[unit.circuit_id]))
            self._left[unit.circuit_id] -= max(needed - self._own(unit), 0.0)

    def _own(self, unit: UnitBounds) -> float:
        return float(modules(unit.unconfirmed_kw, self._module_kw[unit.circuit_id]))
