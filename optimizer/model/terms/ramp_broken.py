"""VIOLATION: changes of power beyond the ramp, where a storage must fall or flip faster than it should.

|power_kw[u,t] − power_kw[u,t−1]| − ramp_broken_kw[u,t] ≤ ramp_kw[u,t],   power_kw = charge_kw − discharge_kw
ramp_broken = Σ ramp_broken_kw                                                  [kW]

Growing beyond the ramp is impossible (`optimizer.model.ramps`); falling is how every other bound is kept.
"""

from typing import Any

import pyomo.environ as pyo

from optimizer.model.ramps import RAMPS
from optimizer.model.term import Term
from v2g.solution import Tier


def _define(m: Any) -> None:
    steps = m.T if RAMPS in m.structure.used else m.NEVER
    m.ramp_broken_kw = pyo.Var(m.U, steps, domain=pyo.NonNegativeReals)
    m.ramp_up = pyo.Constraint(m.U, steps, rule=_ramp_up)
    m.ramp_down = pyo.Constraint(m.U, steps, rule=_ramp_down)


def _ramp_up(m: Any, u: int, t: int) -> Any:
    return _change(m, u, t) - m.ramp_broken_kw[u, t] <= m.ramp_kw[u, t]


def _ramp_down(m: Any, u: int, t: int) -> Any:
    return -_change(m, u, t) - m.ramp_broken_kw[u, t] <= m.ramp_kw[u, t]


def _change(m: Any, u: int, t: int) -> Any:
    before = m.charge_kw[u, t - 1] - m.discharge_kw[u, t - 1] if t else m.charge_in_force_kw[u] - m.discharge_in_force_kw[u]
    return m.charge_kw[u, t] - m.discharge_kw[u, t] - before


def _expr(m: Any) -> Any:
    return sum(m.ramp_broken_kw.values())


RAMP_BROKEN = Term(name="ramp_broken", tier=Tier.VIOLATION, unit="kW", expr=_expr, define=_define)
