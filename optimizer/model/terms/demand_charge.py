"""MONEY: demand charge on what the highest mean import of a step adds to the billing month's peak.

import_kw[t] − extra_peak_kw ≤ peak_so_far_kw
demand_charge = demand_charge_per_kw · extra_peak_kw
"""

from typing import Any

import pyomo.environ as pyo

from optimizer.model.term import Term
from v2g.solution import Tier


def _define(m: Any) -> None:
    m.extra_peak_kw = pyo.Var(domain=pyo.NonNegativeReals)
    m.peak = pyo.Constraint(m.T, rule=_peak)


def _peak(m: Any, t: int) -> Any:
    return m.import_kw[t] - m.extra_peak_kw <= m.peak_so_far_kw


def _expr(m: Any) -> Any:
    return m.demand_charge_per_kw * m.extra_peak_kw


DEMAND_CHARGE = Term(name="demand_charge", tier=Tier.MONEY, unit="currency", expr=_expr, define=_define)
