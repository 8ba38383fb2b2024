"""PREFERENCE: keep to the previous plan in the first steps.

moved_kw[u,t] ≥ |charge_kw[u,t] − discharge_kw[u,t] − previous_power_kw[u,t]|   for t < n_sticky, where there is a previous plan
stability = Σ h[t]·moved_kw[u,t]                                                [kWh]
"""

from typing import Any

import pyomo.environ as pyo

from optimizer.model.term import Term
from v2g.solution import Tier


def _define(m: Any) -> None:
    m.moved_kw = pyo.Var(m.U, m.S, domain=pyo.NonNegativeReals)
    m.moved_up = pyo.Constraint(m.U, m.S, rule=_moved_up)
    m.moved_down = pyo.Constraint(m.U, m.S, rule=_moved_down)


def _moved_up(m: Any, u: int, t: int) -> Any:
    return m.charge_kw[u, t] - m.discharge_kw[u, t] - m.moved_kw[u, t] <= m.previous_max_kw[u, t]


def _moved_down(m: Any, u: int, t: int) -> Any:
    return m.charge_kw[u, t] - m.discharge_kw[u, t] + m.moved_kw[u, t] >= m.previous_min_kw[u, t]


def _expr(m: Any) -> Any:
    return sum(m.step_h[t] * m.moved_kw[u, t] for u in m.U for t in m.S)


STABILITY = Term(name="stability", tier=Tier.PREFERENCE, unit="kWh", expr=_expr, define=_define)
