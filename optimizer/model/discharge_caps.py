"""The V2G ledger's caps: how much a storage may still give back in each span of time.

    Σ_t cap_window[w,t]·h[t]·discharge_kw[u,t] ≤ cap_kwh[u,w]

No row where there is no cap; idling keeps them all.
"""

from typing import Any

import pyomo.environ as pyo


def add_discharge_caps(m: Any) -> None:
    """Add the caps."""
    m.discharge_cap = pyo.Constraint(m.U, m.W, rule=_discharge_cap)


def _discharge_cap(m: Any, u: int, w: int) -> Any:
    return sum(m.cap_window[w, t] * m.step_h[t] * m.discharge_kw[u, t] for t in m.T) <= m.cap_kwh[u, w]
