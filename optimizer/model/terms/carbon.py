"""MONEY: carbon of the energy bought at the connection.

carbon = Σ h[t]·intensity_kg_per_kwh[t]·price_per_kg·import_kw[t]          (no entries where carbon has no price)
"""

from typing import Any

from optimizer.model.term import Term
from v2g.solution import Tier


def _expr(m: Any) -> Any:
    steps = m.T if "carbon" in m.structure.used else m.NEVER
    return sum(m.step_h[t] * m.carbon_price_per_kwh[t] * m.import_kw[t] for t in steps)


CARBON = Term(name="carbon", tier=Tier.MONEY, unit="currency", expr=_expr)
