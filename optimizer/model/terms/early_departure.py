"""MONEY: expected price of energy missing when a driver leaves earlier than promised.

    missing_kwh[u,t] + energy_kwh[u,t] ≥ target_energy_kwh[u]         (no row where the price is 0)
    early_departure = Σ P(leaves at the end of t)·shortfall_price[u]·missing_kwh[u,t]

The expectation of a shortfall is linear once the departure's distribution is given: no scenarios are needed.
"""

from typing import Any

import pyomo.environ as pyo

from optimizer.model.term import Term
from v2g.solution import Tier


def _define(m: Any) -> None:
    m.missing_kwh = pyo.Var(m.U, m.T, domain=pyo.NonNegativeReals)
    m.early_target = pyo.Constraint(m.U, m.T, rule=_early_target)


def _early_target(m: Any, u: int, t: int) -> Any:
    return m.missing_kwh[u, t] + m.energy_kwh[u, t] >= m.early_target_kwh[u, t]


def _expr(m: Any) -> Any:
    return sum(m.early_price_per_kwh[u, t] * m.missing_kwh[u, t] for u in m.U for t in m.T)


EARLY_DEPARTURE = Term(name="early_departure", tier=Tier.MONEY, unit="currency", expr=_expr, define=_define)
