"""MONEY: calendar ageing, a price on energy stored above a threshold, times how long.

high_kwh[u,t] ≥ energy_kwh[u,t] − calendar_above_kwh[u]                 (no row where the price is 0)
calendar_ageing = Σ h[t]·calendar_price_per_kwh_h[u]·high_kwh[u,t]

Source: calendar ageing as a convex function of the state of charge, e.g. Schmalstieg et al. (2014), "A holistic aging model for
Li(NiMnCo)O2 based 18650 lithium-ion batteries", Journal of Power Sources 257; here one linear piece.
"""

from typing import Any

import pyomo.environ as pyo

from optimizer.model.term import Term
from v2g.solution import Tier

CALENDAR = "calendar"


def _define(m: Any) -> None:
    steps = m.T if CALENDAR in m.structure.used else m.NEVER
    m.high_kwh = pyo.Var(m.U, steps, domain=pyo.NonNegativeReals)
    m.high = pyo.Constraint(m.U, steps, rule=_high)


def _high(m: Any, u: int, t: int) -> Any:
    return m.energy_kwh[u, t] - m.high_kwh[u, t] <= m.calendar_above_kwh[u]


def _expr(m: Any) -> Any:
    return sum(m.step_h[t] * m.calendar_price_per_kwh_h[u] * m.high_kwh[u, t] for u, t in m.high_kwh)


CALENDAR_AGEING = Term(name="calendar_ageing", tier=Tier.MONEY, unit="currency", expr=_expr, define=_define)
