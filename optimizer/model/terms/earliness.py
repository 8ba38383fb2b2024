"""PREFERENCE: of two plans that cost the same, charge earlier.

    earliness = Σ h[t]·start_h[t]·charge_kw[u,t]      [kWh·h]

Weighs less than `stability`: a kWh moved by a day (24 kWh·h) counts like a quarter of a kWh by which the plan moves.
"""

from typing import Any

from optimizer.model.term import Term
from v2g.solution import Tier


def _expr(m: Any) -> Any:
    return sum(m.step_h[t] * m.start_h[t] * m.charge_kw[u, t] for u in m.U for t in m.T)


EARLINESS = Term(name="earliness", tier=Tier.PREFERENCE, unit="kWh·h", expr=_expr, weight=0.01)
