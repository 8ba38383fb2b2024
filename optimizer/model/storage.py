"""Energy balance of every storage.

    energy[u,t] = energy[u,t−1] + h[t]·(η_c·charge_kw[u,t] − discharge_kw[u,t]/η_d) − drain_kwh[u,t]

Adds ``charge_kw``, ``discharge_kw`` [kW at the AC side] and ``energy_kwh`` [kWh at step ends], each (U, T), within the bounds
that idling keeps; what idling cannot keep is soft, see `energy_outside`.
Source: the textbook battery model with one-way efficiencies, e.g. Pozo et al. (2022), "Linear battery models for power systems
analysis", eq. (1); charging and discharging at once is excluded lazily, see `optimizer.integers`.
"""

from typing import Any

import pyomo.environ as pyo


def add_storage(m: Any) -> None:
    """Add the storages' variables and balance."""
    m.charge_kw = pyo.Var(m.U, m.T, bounds=lambda m, u, t: (0, m.charge_max_kw[u, t]))
    m.discharge_kw = pyo.Var(m.U, m.T, bounds=lambda m, u, t: (0, m.discharge_max_kw[u, t]))
    m.energy_kwh = pyo.Var(m.U, m.T, bounds=lambda m, u, t: (m.energy_floor_kwh[u, t], m.energy_ceiling_kwh[u, t]))
    m.energy_balance = pyo.Constraint(m.U, m.T, rule=_energy_balance)


def _energy_balance(m: Any, u: int, t: int) -> Any:
    before = m.energy_kwh[u, t - 1] if t else m.initial_energy_kwh[u]
    gain = m.charge_efficiency[u] * m.charge_kw[u, t] - m.discharge_kw[u, t] / m.discharge_efficiency[u]
    return m.energy_kwh[u, t] - before - m.step_h[t] * gain == -m.drain_kwh[u, t]
