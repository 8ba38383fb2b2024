"""Power at the AC side, and what of it is stored and drawn: efficiencies, and what is lost above the knee.

    charge_kw[u,t] = knee_kw + charge_above_kw[u,t] − charge_below_kw[u,t]            (discharge alike)
    stored_kw = η_c·charge_kw − knee_loss_frac·charge_above_kw,   drawn_kw = discharge_kw/η_d + knee_loss_frac·discharge_above_kw
    less, or more, by standby_kw·(charge_on − (charge_kw − charge_above_kw)/knee_kw)                               (discharge alike)
    charge_run_kw·charge_on ≥ charge_kw − charge_above_kw,   near now; further off =

Adds ``charge_kw`` and ``discharge_kw``, and where the power can pass the knee ``charge_above_kw`` and ``charge_below_kw``,
``discharge_above_kw`` and ``discharge_below_kw``, each (U, T) [kW at the AC side, ≥ 0]. Exact while only one of a pair is used:
using both burns energy, which pays only where burning does; such pairs are made exclusive lazily, see `optimizer.integers`.

Adds ``charge_on`` and ``discharge_on`` (U, T) [share of the step in which the unit runs] where standby counts, see
`optimizer.conversion`; near now they are made whole lazily too, and relaxed they bound the true losses from below.
"""

from typing import Any

import pyomo.environ as pyo

PAIRS = (("charge_above_kw", "charge_below_kw"), ("discharge_above_kw", "discharge_below_kw"))
"""Columns of which only one is used in truth."""
KNEE = "knee"
STANDBY = "standby"


def add_conversion(m: Any) -> None:
    """Add the powers, and where they can pass the knee what is above and below it."""
    m.charge_kw = pyo.Var(m.U, m.T, bounds=lambda m, u, t: (0, m.charge_max_kw[u, t]))
    m.discharge_kw = pyo.Var(m.U, m.T, bounds=lambda m, u, t: (0, m.discharge_max_kw[u, t]))
    steps = m.T if KNEE in m.structure.used else m.NEVER
    m.charge_above_kw = pyo.Var(m.U, steps, bounds=lambda m, u, t: (0, m.charge_above_max_kw[u, t]))
    m.charge_below_kw = pyo.Var(m.U, steps, bounds=lambda m, u, t: (0, m.charge_knee_max_kw[u, t]))
    m.discharge_above_kw = pyo.Var(m.U, steps, bounds=lambda m, u, t: (0, m.discharge_above_max_kw[u, t]))
    m.discharge_below_kw = pyo.Var(m.U, steps, bounds=lambda m, u, t: (0, m.discharge_knee_max_kw[u, t]))
    running = m.T if STANDBY in m.structure.used else m.NEVER
    m.charge_on = pyo.Var(m.U, running, bounds=lambda m, u, t: (0, m.charge_on_max[u, t]))
    m.discharge_on = pyo.Var(m.U, running, bounds=lambda m, u, t: (0, m.discharge_on_max[u, t]))
    m.charge_knee = pyo.Constraint(m.U, steps, rule=_charge_knee)
    m.discharge_knee = pyo.Constraint(m.U, steps, rule=_discharge_knee)
    m.charge_runs = pyo.Constraint(m.U, running, rule=_charge_runs)
    m.discharge_runs = pyo.Constraint(m.U, running, rule=_discharge_runs)


def stored_kw(m: Any, u: int, t: int) -> Any:
    """Return the expression of what charging stores."""
    plain = m.charge_efficiency[u] * m.charge_kw[u, t]
    if KNEE in m.structure.used:
        plain -= m.knee_loss_frac[u] * m.charge_above_kw[u, t]
    if STANDBY in m.structure.used:
        plain -= m.standby_kw[u] * m.charge_on[u, t] - m.charge_standby_frac[u, t] * _below(m, m.charge_kw, m.charge_above_kw, u, t)
    return plain


def drawn_kw(m: Any, u: int, t: int) -> Any:
    """Return the expression of what discharging draws."""
    plain = m.discharge_kw[u, t] / m.discharge_efficiency[u]
    if KNEE in m.structure.used:
        plain += m.knee_loss_frac[u] * m.discharge_above_kw[u, t]
    if STANDBY in m.structure.used:
        below = _below(m, m.discharge_kw, m.discharge_above_kw, u, t)
        plain += m.standby_kw[u] * m.discharge_on[u, t] - m.discharge_standby_frac[u, t] * below
    return plain


def _below(m: Any, power_kw: Any, above_kw: Any, u: int, t: int) -> Any:
    """Return the expression of what of a power is below the knee."""
    return power_kw[u, t] - above_kw[u, t] if KNEE in m.structure.used else power_kw[u, t]


def _charge_knee(m: Any, u: int, t: int) -> Any:
    beyond = m.charge_kw[u, t] - m.charge_above_kw[u, t] + m.charge_below_kw[u, t]
    return pyo.inequality(m.charge_knee_min_kw[u, t], beyond, m.charge_knee_max_kw[u, t])


def _discharge_knee(m: Any, u: int, t: int) -> Any:
    beyond = m.discharge_kw[u, t] - m.discharge_above_kw[u, t] + m.discharge_below_kw[u, t]
    return pyo.inequality(m.discharge_knee_min_kw[u, t], beyond, m.discharge_knee_max_kw[u, t])


def _charge_runs(m: Any, u: int, t: int) -> Any:
    beyond = m.charge_run_kw[u, t] * m.charge_on[u, t] - _below(m, m.charge_kw, m.charge_above_kw, u, t)
    return pyo.inequality(m.charge_spare_min_kw[u, t], beyond, m.charge_spare_max_kw[u, t])


def _discharge_runs(m: Any, u: int, t: int) -> Any:
    beyond = m.discharge_run_kw[u, t] * m.discharge_on[u, t] - _below(m, m.discharge_kw, m.discharge_above_kw, u, t)
    return pyo.inequality(m.discharge_spare_min_kw[u, t], beyond, m.discharge_spare_max_kw[u, t])
