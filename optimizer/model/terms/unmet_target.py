"""SERVICE: energy promised to drivers and not there when it is due, weighed by priority, and shared among equals.

Σ_q unmet_kwh[u,q] + energy_kwh[u,t] ≥ promised_kwh[u,t]         (the promise at the step it is due, else −inf: no row)
unmet_kwh[u,q] ≤ unmet_part_kwh[u,q]                             (equal parts of the need, the last one open)
unmet_target = Σ priority[u]·unmet_kwh[u,q]                      [kWh]
fairness = Σ priority[u]·RISE[q]·unmet_kwh[u,q]                  [kWh]

Rising weights fill the parts in order, and in step with the other drivers' (`optimizer.shares`).
"""

from typing import Any

import pyomo.environ as pyo

from optimizer.model.term import Term
from optimizer.shares import RISE
from v2g.solution import Tier


def _define(m: Any) -> None:
    m.unmet_kwh = pyo.Var(m.U, m.Q, bounds=lambda m, u, q: (0, m.unmet_part_kwh[u, q]))
    m.promise = pyo.Constraint(m.U, m.T, rule=_promise)


def _promise(m: Any, u: int, t: int) -> Any:
    return sum(m.unmet_kwh[u, q] for q in m.Q) + m.energy_kwh[u, t] >= m.promised_kwh[u, t]


def _unmet(m: Any) -> Any:
    return sum(m.priority[u] * m.unmet_kwh[u, q] for u in m.U for q in m.Q)


def _fairness(m: Any) -> Any:
    return sum(float(RISE[q]) * m.priority[u] * m.unmet_kwh[u, q] for u in m.U for q in m.Q)


UNMET_TARGET = Term(name="unmet_target", tier=Tier.SERVICE, unit="kWh", expr=_unmet, define=_define)
FAIRNESS = Term(name="fairness", tier=Tier.SERVICE, unit="kWh", expr=_fairness)
