"""VIOLATION: energy above the circuits' and phases' limits, where even idling breaks them.

    circuit_kw[c,t] − over_import_kw[c,t] ≤ import_limit_kw[c,t] − margin_kw[c,t]
    −circuit_kw[c,t] − over_export_kw[c,t] ≤ export_limit_kw[c,t]          (phases alike)
    overload = Σ h[t]·(over_import_kw + over_export_kw)                    [kWh]

The slack exists only where idling breaks the limit, and never exceeds what idling breaks: everywhere else the limit is a bound.
One kWh of overload weighs as much as 1,000 kWh·h of `energy_outside`: no horizon below 1,000 h trades one for the other.
"""

from typing import Any

import pyomo.environ as pyo

from optimizer.model.term import Term
from v2g.solution import Tier


def _define(m: Any) -> None:
    m.over_import_kw = pyo.Var(m.C, m.T, domain=pyo.NonNegativeReals)
    m.over_export_kw = pyo.Var(m.C, m.T, domain=pyo.NonNegativeReals)
    m.over_phase_import_kw = pyo.Var(m.F, m.P, m.T, domain=pyo.NonNegativeReals)
    m.over_phase_export_kw = pyo.Var(m.F, m.P, m.T, domain=pyo.NonNegativeReals)
    m.soft_import = pyo.Constraint(m.C, m.T, rule=_soft_import)
    m.soft_export = pyo.Constraint(m.C, m.T, rule=_soft_export)
    m.soft_phase_import = pyo.Constraint(m.F, m.P, m.T, rule=_soft_phase_import)
    m.soft_phase_export = pyo.Constraint(m.F, m.P, m.T, rule=_soft_phase_export)


def _soft_import(m: Any, c: int, t: int) -> Any:
    return m.circuit_kw[c, t] - m.over_import_kw[c, t] <= m.soft_import_kw[c, t]


def _soft_export(m: Any, c: int, t: int) -> Any:
    return -m.circuit_kw[c, t] - m.over_export_kw[c, t] <= m.soft_export_kw[c, t]


def _soft_phase_import(m: Any, f: int, p: int, t: int) -> Any:
    return m.phase_kw[f, p, t] - m.over_phase_import_kw[f, p, t] <= m.soft_phase_import_kw[f, p, t]


def _soft_phase_export(m: Any, f: int, p: int, t: int) -> Any:
    return -m.phase_kw[f, p, t] - m.over_phase_export_kw[f, p, t] <= m.soft_phase_export_kw[f, p, t]


def _expr(m: Any) -> Any:
    circuits = sum(m.step_h[t] * (m.over_import_kw[c, t] + m.over_export_kw[c, t]) for c in m.C for t in m.T)
    phases = sum(
        m.step_h[t] * (m.over_phase_import_kw[f, p, t] + m.over_phase_export_kw[f, p, t]) for f in m.F for p in m.P for t in m.T
    )
    return circuits + phases


OVERLOAD = Term(name="overload", tier=Tier.VIOLATION, unit="kWh", expr=_expr, define=_define, weight=1000.0)
