"""Power on each phase of the circuits that carry unbalanced units.

    phase_kw[c,p,t] = fixed_below_kw[c,t]/3 + skew_below_kw[c,p,t] + Σ_{u below c} share[u,p]·(charge_kw[u,t] − discharge_kw[u,t])
    −phase_limit_kw[c,p] ≤ phase_kw[c,p,t] ≤ phase_limit_kw[c,p]

Adds ``phase_kw`` (F, P, T) [kW]. Unity power factor: the phase currents are in line with the voltages, so
the limit on current is this linear limit on power.
"""

from typing import Any

import pyomo.environ as pyo


def add_phases(m: Any) -> None:
    """Add the phase powers and their balance."""
    m.phase_kw = pyo.Var(m.F, m.P, m.T, bounds=lambda m, f, p, t: (-m.phase_export_cap_kw[f, p, t], m.phase_import_cap_kw[f, p, t]))
    m.phase_balance = pyo.Constraint(m.F, m.P, m.T, rule=_phase_balance)


def _phase_balance(m: Any, f: int, p: int, t: int) -> Any:
    units = sum(m.below_phase[u, f, p] * (m.charge_kw[u, t] - m.discharge_kw[u, t]) for u in m.U)
    return m.phase_kw[f, p, t] - units == m.phase_fixed_kw[f, p, t]
