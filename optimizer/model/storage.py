"""Energy balance of every storage.

    energy[u,t] = energy[u,t−1] + h[t]·(stored_kw[u,t] − drawn_kw[u,t]) − drain_kwh[u,t]

Adds ``energy_kwh`` (U, T) [kWh at step ends], within the bounds that idling keeps; what idling cannot keep is soft, see
`energy_outside`. Stored and drawn power: see `conversion`.
Source: the textbook battery model with one-way efficiencies, e.g. Pozo et al. (2022), "Linear battery models for power systems
analysis", eq. (1); charging and discharging at once is excluded lazily, see `optimizer.integers`.
"""

from typing import Any

import pyomo.environ as pyo

from optimizer.model.conversion import drawn_kw, stored_kw


def add_storage(m: Any) -> None:
    """Add the stored energy and its balance."""
    m.energy_kwh = pyo.Var(m.U, m.T, bounds=lambda m, u, t: (m.energy_floor_kwh[u, t], m.energy_ceiling_kwh[u, t]))
    m.energy_balance = pyo.Constraint(m.U, m.T, rule=_energy_balance)


def _energy_balance(m: Any, u: int, t: int) -> Any:
    before = m.energy_kwh[u, t - 1] if t else m.initial_energy_kwh[u]
    gain = stored_kw(m, u, t) - drawn_kw(m, u, t)
    return m.energy_kwh[u, t] - before - m.step_h[t] * gain == -m.drain_kwh[u, t]
