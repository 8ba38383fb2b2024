"""MONEY: battery wear, a linear price on energy discharged at the AC side.

wear = Σ h[t]·wear_cost_per_kwh[u]·discharge_kw[u,t]
"""

from typing import Any

from optimizer.model.term import Term
from v2g.solution import Tier


def _expr(m: Any) -> Any:
    return sum(m.step_h[t] * m.wear_cost_per_kwh[u] * m.discharge_kw[u, t] for u in m.U for t in m.T)


WEAR = Term(name="wear", tier=Tier.MONEY, unit="currency", expr=_expr)
