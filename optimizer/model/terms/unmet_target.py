"""SERVICE: energy promised to drivers and not there when it is due, weighed by priority.

unmet_kwh[u] + energy_kwh[u,t] ≥ promised_kwh[u,t]         (the promise at the step it is due, else −inf: no row)
unmet_target = Σ priority[u]·unmet_kwh[u]                  [kWh]
"""

from typing import Any

import pyomo.environ as pyo

from optimizer.model.term import Term
from v2g.solution import Tier


def _define(m: Any) -> None:
    m.unmet_kwh = pyo.Var(m.U, domain=pyo.NonNegativeReals)
    m.promise = pyo.Constraint(m.U, m.T, rule=_promise)


def _promise(m: Any, u: int, t: int) -> Any:
    return m.unmet_kwh[u] + m.energy_kwh[u, t] >= m.promised_kwh[u, t]


def _expr(m: Any) -> Any:
    return sum(m.priority[u] * m.unmet_kwh[u] for u in m.U)


UNMET_TARGET = Term(name="unmet_target", tier=Tier.SERVICE, unit="kWh", expr=_expr, define=_define)
