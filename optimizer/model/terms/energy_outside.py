"""VIOLATION: stored energy below its minimum or above its maximum, where idling would not keep it inside.

    energy_kwh[u,t] + below_kwh[u,t] ≥ energy_min_kwh[u,t],   energy_kwh[u,t] − above_kwh[u,t] ≤ energy_max_kwh[u,t]
    energy_outside = Σ h[t]·(below_kwh + above_kwh)            [kWh·h]

Weighed by time, so that a car that plugs in below its floor is lifted at once.
"""

from typing import Any

import pyomo.environ as pyo

from optimizer.model.term import Term
from v2g.solution import Tier


def _define(m: Any) -> None:
    m.below_kwh = pyo.Var(m.U, m.T, domain=pyo.NonNegativeReals)
    m.above_kwh = pyo.Var(m.U, m.T, domain=pyo.NonNegativeReals)
    m.soft_energy_min = pyo.Constraint(m.U, m.T, rule=_soft_energy_min)
    m.soft_energy_max = pyo.Constraint(m.U, m.T, rule=_soft_energy_max)


def _soft_energy_min(m: Any, u: int, t: int) -> Any:
    return m.energy_kwh[u, t] + m.below_kwh[u, t] >= m.soft_energy_min_kwh[u, t]


def _soft_energy_max(m: Any, u: int, t: int) -> Any:
    return m.energy_kwh[u, t] - m.above_kwh[u, t] <= m.soft_energy_max_kwh[u, t]


def _expr(m: Any) -> Any:
    return sum(m.step_h[t] * (m.below_kwh[u, t] + m.above_kwh[u, t]) for u in m.U for t in m.T)


ENERGY_OUTSIDE = Term(name="energy_outside", tier=Tier.VIOLATION, unit="kWh·h", expr=_expr, define=_define)
