"""MONEY: what reserve held pays, and what is owed and not held.

reserve_payment = −Σ_r hours[r]·payment_per_kw_h[r]·held_kw[r]
missing_kw[r] + held_kw[r] ≥ committed_kw[r],   reserve_missing = Σ_r hours[r]·penalty_per_kw_h[r]·missing_kw[r]

`hours` is how long a block covers the horizon [h]. What can be held: `optimizer.model.reserve`.
"""

from typing import Any

import pyomo.environ as pyo

from optimizer.model.reserve import add_reserve
from optimizer.model.term import Term
from v2g.solution import Tier


def _payment(m: Any) -> Any:
    return sum(-m.reserve_payment_per_kw[r] * m.held_kw[r] for r in m.R)


def _define_missing(m: Any) -> None:
    m.reserve_missing_kw = pyo.Var(m.R, domain=pyo.NonNegativeReals)
    m.reserve_owed = pyo.Constraint(m.R, rule=lambda m, r: m.reserve_missing_kw[r] + m.held_kw[r] >= m.reserve_committed_kw[r])


def _missing(m: Any) -> Any:
    return sum(m.reserve_penalty_per_kw[r] * m.reserve_missing_kw[r] for r in m.R)


RESERVE_PAYMENT = Term(name="reserve_payment", tier=Tier.MONEY, unit="currency", expr=_payment, define=add_reserve)
RESERVE_MISSING = Term(name="reserve_missing", tier=Tier.MONEY, unit="currency", expr=_missing, define=_define_missing)
