"""MONEY: wear by cycle depth. The first kWh taken out of a full battery are cheap, each deeper one costs more.

    depth_kwh[u,j,t] = depth_kwh[u,j,t−1] + h[t]·(depth_in_kw[u,j,t] − depth_out_kw[u,j,t])    in [0, depth_max_kwh[u,j]]
    Σ_j depth_in_kw[u,j,t] ≤ stored_kw[u,t],   Σ_j depth_out_kw[u,j,t] ≥ drawn_kw[u,t]
    cycle_wear = Σ h[t]·depth_price_per_kwh[u,j]·depth_out_kw[u,j,t]

The deepest segment is what the others leave: it has no energy of its own (its price is the highest, so nobody takes from it what
another has), takes what they cannot, and bears the drain. Exact: with rising prices it is best to fill and to empty shallow
segments first, which is the order in which rainflow counting closes cycles.
Source: Xu, Zhao, Zheng, Litvinov and Kirschen (2018), "Factoring the cycle aging cost of batteries participating in electricity
markets", IEEE Transactions on Power Systems 33(2), eq. (8)-(14).
"""

from typing import Any

import pyomo.environ as pyo

from optimizer.model.conversion import drawn_kw, stored_kw
from optimizer.model.term import Term
from v2g.solution import Tier


def _define(m: Any) -> None:
    m.SHALLOW = pyo.RangeSet(0, max(m.structure.n_depths - 1, 0) - 1)
    steps = m.T if m.structure.n_depths else m.NEVER
    m.depth_in_kw = pyo.Var(m.U, m.SHALLOW, m.T, bounds=lambda m, u, _j, t: (0, m.depth_rate_kw[u, t]))
    m.depth_out_kw = pyo.Var(m.U, m.J, m.T, bounds=lambda m, u, _j, t: (0, m.depth_rate_kw[u, t]))
    m.depth_kwh = pyo.Var(m.U, m.SHALLOW, m.T, bounds=lambda m, u, j, _t: (0, m.depth_max_kwh[u, j]))
    m.depth_balance = pyo.Constraint(m.U, m.SHALLOW, m.T, rule=_depth_balance)
    m.depth_given = pyo.Constraint(m.U, steps if m.structure.n_depths > 1 else m.NEVER, rule=_depth_given)
    m.depth_taken = pyo.Constraint(m.U, steps, rule=_depth_taken)


def _depth_balance(m: Any, u: int, j: int, t: int) -> Any:
    before = m.depth_kwh[u, j, t - 1] if t else m.depth_initial_kwh[u, j]
    return m.depth_kwh[u, j, t] - before - m.step_h[t] * (m.depth_in_kw[u, j, t] - m.depth_out_kw[u, j, t]) == 0


def _depth_given(m: Any, u: int, t: int) -> Any:
    return sum(m.depth_in_kw[u, j, t] for j in m.SHALLOW) - stored_kw(m, u, t) <= m.depth_slack_kw[u]


def _depth_taken(m: Any, u: int, t: int) -> Any:
    return drawn_kw(m, u, t) - sum(m.depth_out_kw[u, j, t] for j in m.J) <= m.depth_slack_kw[u]


def _expr(m: Any) -> Any:
    return sum(m.step_h[t] * m.depth_price_per_kwh[u, j] * m.depth_out_kw[u, j, t] for u in m.U for j in m.J for t in m.T)


CYCLE_WEAR = Term(name="cycle_wear", tier=Tier.MONEY, unit="currency", expr=_expr, define=_define)
