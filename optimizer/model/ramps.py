"""Ramps: power grows by no more than the ramp, in either direction.

    charge_kw[u,t] − charge_kw[u,t−1] ≤ ramp_kw[u,t],   discharge_kw[u,t] − discharge_kw[u,t−1] ≤ ramp_kw[u,t]

Before the first step stands the power in force. Falling and flipping are soft: see `ramp_broken` and `optimizer.ramps`.
"""

from typing import Any

import pyomo.environ as pyo

RAMPS = "ramps"


def add_ramps(m: Any) -> None:
    """Add the bounds on growth."""
    steps = m.T if RAMPS in m.structure.used else m.NEVER
    m.charge_growth = pyo.Constraint(m.U, steps, rule=_charge_growth)
    m.discharge_growth = pyo.Constraint(m.U, steps, rule=_discharge_growth)


def _charge_growth(m: Any, u: int, t: int) -> Any:
    return m.charge_kw[u, t] - (m.charge_kw[u, t - 1] if t else m.charge_in_force_kw[u]) <= m.ramp_kw[u, t]


def _discharge_growth(m: Any, u: int, t: int) -> Any:
    return m.discharge_kw[u, t] - (m.discharge_kw[u, t - 1] if t else m.discharge_in_force_kw[u]) <= m.ramp_kw[u, t]
