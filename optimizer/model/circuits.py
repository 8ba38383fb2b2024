"""The feeder tree: net power of every circuit, and its limits.

    circuit_kw[c,t] = fixed_kw[c,t] + Σ_{u at c} (charge_kw[u,t] − discharge_kw[u,t]) + Σ_{k child of c} circuit_kw[k,t]
    −export_cap_kw[c,t] ≤ circuit_kw[c,t] ≤ import_cap_kw[c,t]

Adds ``circuit_kw`` (C, T) [kW, + from the grid]. A unit stands in one row a step only, however deep its circuit. The caps are
the limits where idling keeps them and what idling draws where it does not; see `overload`.
"""

from typing import Any

import pyomo.environ as pyo


def add_circuits(m: Any) -> None:
    """Add every circuit's power and balance."""
    m.circuit_kw = pyo.Var(m.C, m.T, bounds=lambda m, c, t: (-m.export_cap_kw[c, t], m.import_cap_kw[c, t]))
    m.circuit_balance = pyo.Constraint(m.C, m.T, rule=_circuit_balance)


def _circuit_balance(m: Any, c: int, t: int) -> Any:
    units = sum(m.at_circuit[u, c] * (m.charge_kw[u, t] - m.discharge_kw[u, t]) for u in m.U)
    children = sum(m.circuit_kw[k, t] for k in m.structure.children(c))
    return m.circuit_kw[c, t] - units - children == m.fixed_kw[c, t]
