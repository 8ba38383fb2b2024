"""MONEY: net import away from what the grid asks the site to follow.

off_kw[t] ≥ |import_kw[t] − export_kw[t] − follow_kw[t]|                   (no rows where nothing is asked)
dispatch = Σ h[t]·price_per_kwh·off_kw[t]
"""

from typing import Any

import pyomo.environ as pyo

from optimizer.model.term import Term
from v2g.solution import Tier


def _define(m: Any) -> None:
    steps = m.T if "dispatch" in m.structure.used else m.NEVER
    m.off_kw = pyo.Var(steps, domain=pyo.NonNegativeReals)
    m.off_above = pyo.Constraint(steps, rule=_off_above)
    m.off_below = pyo.Constraint(steps, rule=_off_below)


def _off_above(m: Any, t: int) -> Any:
    return m.import_kw[t] - m.export_kw[t] - m.off_kw[t] <= m.follow_max_kw[t]


def _off_below(m: Any, t: int) -> Any:
    return m.import_kw[t] - m.export_kw[t] + m.off_kw[t] >= m.follow_min_kw[t]


def _expr(m: Any) -> Any:
    steps = m.T if "dispatch" in m.structure.used else m.NEVER
    return sum(m.step_h[t] * m.dispatch_price_per_kwh * m.off_kw[t] for t in steps)


DISPATCH = Term(name="dispatch", tier=Tier.MONEY, unit="currency", expr=_expr, define=_define)
