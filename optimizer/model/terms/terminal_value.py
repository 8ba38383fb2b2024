"""MONEY: what the energy stored at the horizon's end is worth.

terminal_value = −Σ terminal_value_per_kwh[u]·energy_kwh[u,T−1]
"""

from typing import Any

from optimizer.model.term import Term
from v2g.solution import Tier


def _expr(m: Any) -> Any:
    return sum(-m.terminal_value_per_kwh[u] * m.energy_kwh[u, m.T.last()] for u in m.U)


TERMINAL_VALUE = Term(name="terminal_value", tier=Tier.MONEY, unit="currency", expr=_expr)
