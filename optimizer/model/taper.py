"""The constant-voltage phase: the fuller the battery, the less it takes.

    η_c·taper_h[u,t]·charge_kw[u,t] + energy_kwh[u,t−1] ≤ taper_full_kwh[u,t]

with taper_h = h/(1 − exp(−taper_per_h·h)); exact, see `optimizer.taper`. No row where nothing tapers.
"""

from typing import Any

import pyomo.environ as pyo

TAPER = "taper"


def add_taper(m: Any) -> None:
    """Add the bound on charging that depends on energy."""
    m.taper = pyo.Constraint(m.U, m.T if TAPER in m.structure.used else m.NEVER, rule=_taper)


def _taper(m: Any, u: int, t: int) -> Any:
    before = m.energy_kwh[u, t - 1] if t else m.initial_energy_kwh[u]
    return m.charge_efficiency[u] * m.taper_h[u, t] * m.charge_kw[u, t] + before <= m.taper_full_kwh[u, t]
