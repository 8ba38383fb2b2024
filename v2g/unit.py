"""One storage by itself, and many of them as the arrays of a problem."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from v2g.problem import N_PHASES, StorageKind, Storages
from v2g.timegrid import Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Unit:
    """One row of `Storages`, by the same names and units; power and energy bounds and probabilities are (n_steps,)."""

    unit_id: str
    kind: StorageKind
    circuit_id: str
    phases: tuple[int, ...]
    charge_max_kw: Array
    discharge_max_kw: Array
    energy_min_kwh: Array
    energy_max_kwh: Array
    initial_energy_kwh: float
    charge_efficiency: float
    discharge_efficiency: float
    wear_cost_per_kwh: float
    charge_min_kw: float = 0.0
    target_energy_kwh: float = 0.0
    target_step: int = 0
    priority: float = 1.0
    departure_probability: Array
    shortfall_price_per_kwh: float = 0.0
    terminal_value_per_kwh: float = 0.0


def storages_of(units: Sequence[Unit], previous_power_kw: Array) -> Storages:
    """Return `units` as arrays; `previous_power_kw` is the previous plan, NaN where there is none, (n_units, n_steps) [kW]."""
    n, t = previous_power_kw.shape

    def rows(field: str) -> Array:
        return np.array([getattr(u, field) for u in units], dtype=np.float64).reshape(n, t)

    def column(field: str) -> Array:
        return np.array([getattr(u, field) for u in units], dtype=np.float64)

    share = np.zeros((n, N_PHASES))
    for i, unit in enumerate(units):
        share[i, [phase - 1 for phase in unit.phases]] = 1.0 / len(unit.phases)
    return Storages(
        unit_ids=tuple(u.unit_id for u in units),
        kinds=tuple(u.kind for u in units),
        circuit_ids=tuple(u.circuit_id for u in units),
        phase_share=share,
        charge_max_kw=rows("charge_max_kw"),
        discharge_max_kw=rows("discharge_max_kw"),
        charge_min_kw=column("charge_min_kw"),
        discharge_min_kw=np.zeros(n),
        energy_min_kwh=rows("energy_min_kwh"),
        energy_max_kwh=rows("energy_max_kwh"),
        initial_energy_kwh=column("initial_energy_kwh"),
        charge_efficiency=column("charge_efficiency"),
        discharge_efficiency=column("discharge_efficiency"),
        drain_kwh=np.zeros((n, t)),
        wear_cost_per_kwh=column("wear_cost_per_kwh"),
        target_energy_kwh=column("target_energy_kwh"),
        target_step=np.array([u.target_step for u in units], dtype=np.int64),
        priority=column("priority"),
        departure_probability=rows("departure_probability"),
        shortfall_price_per_kwh=column("shortfall_price_per_kwh"),
        terminal_value_per_kwh=column("terminal_value_per_kwh"),
        previous_power_kw=previous_power_kw,
    )
