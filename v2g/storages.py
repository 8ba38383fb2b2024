"""Cars, batteries and all that behaves like them, as arrays: units first, steps second; + is into the storage."""

from dataclasses import dataclass, fields, is_dataclass, replace
from enum import StrEnum
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from v2g.converters import Ageing, Converters, DischargeCaps
from v2g.timegrid import Array


class StorageKind(StrEnum):
    """What a storage stands for; planners treat all alike, explanations do not."""

    EV = "ev"
    EXPECTED_EV = "expected_ev"
    BATTERY = "battery"
    PV = "pv"
    SWAP = "swap"
    ELECTROLYSER = "electrolyser"
    FLEXIBLE_LOAD = "flexible_load"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Storages:
    """All storages, n units by T steps.

    Parameters
    ----------
    unit_ids, kinds, circuit_ids : (n,)
        Name, kind and circuit of each unit.
    phase_share : (n, 3)
        Share of the unit's power on each phase; rows sum to 1.
    charge_max_kw, discharge_max_kw : (n, T)
        Power bounds at the AC side [kW, ≥ 0]; 0 where the unit is away or may not.
    charge_min_kw, discharge_min_kw : (n,)
        Least power the unit can hold when it is not 0 [kW, ≥ 0].
    energy_min_kwh, energy_max_kwh : (n, T)
        Bounds of the stored energy at the end of each step [kWh]. The minimum may be unreachable: a planner then comes
        as near as it can and says so (tier VIOLATION).
    initial_energy_kwh : (n,)
        Stored energy at the start [kWh].
    charge_efficiency, discharge_efficiency : (n,)
        One-way efficiencies in (0, 1].
    drain_kwh : (n, T)
        Energy that leaves the storage by itself in each step [kWh].
    wear_cost_per_kwh : (n,)
        Cost of a kWh discharged at the AC side.
    target_energy_kwh : (n,)
        Stored energy promised at the end of step ``target_step - 1`` (tier SERVICE: as much as possible); 0 = none.
    target_step : (n,) int64
        Number of steps before the promise is due, 1..T; 0 = no promise.
    priority : (n,)
        Weight of the unit's shortfall among equals (> 0).
    departure_probability : (n, T)
        Probability that the car leaves at the end of the step, given it is here now; rows sum to at most 1.
    shortfall_price_per_kwh : (n,)
        Price (tier MONEY) of the expected energy missing to the target at such a departure.
    spare_kwh : (n,) or None
        Energy beyond the target that is kept ready and nobody was promised [kWh]; at a departure it is missed at the same price.
        None = none.
    terminal_value_per_kwh : (n,)
        Worth of a kWh stored at the horizon's end.
    previous_power_kw : (n, T)
        The previous plan on this grid, NaN where there is none [kW, signed].
    converters, ageing, caps
        How they take and give power, what use costs beyond wear, and how much they may still give back; None = nothing of it.
    """

    unit_ids: tuple[str, ...]
    kinds: tuple[StorageKind, ...]
    circuit_ids: tuple[str, ...]
    phase_share: Array
    charge_max_kw: Array
    discharge_max_kw: Array
    charge_min_kw: Array
    discharge_min_kw: Array
    energy_min_kwh: Array
    energy_max_kwh: Array
    initial_energy_kwh: Array
    charge_efficiency: Array
    discharge_efficiency: Array
    drain_kwh: Array
    wear_cost_per_kwh: Array
    target_energy_kwh: Array
    target_step: NDArray[np.int64]
    priority: Array
    departure_probability: Array
    shortfall_price_per_kwh: Array
    terminal_value_per_kwh: Array
    previous_power_kw: Array
    converters: Converters | None = None
    ageing: Ageing | None = None
    caps: DischargeCaps | None = None
    spare_kwh: Array | None = None

    @property
    def wanted_kwh(self) -> Array:
        """Energy wanted at a departure: the target and what is kept ready beyond it, (n,) [kWh]; 0 without a target."""
        spare = 0.0 if self.spare_kwh is None else self.spare_kwh
        return np.where(self.target_energy_kwh > 0, self.target_energy_kwh + spare, 0.0)

    @property
    def n_units(self) -> int:
        """Number of storages."""
        return len(self.unit_ids)

    def part(self, rows: slice) -> Self:
        """Return some of the storages; their arrays are views."""
        return type(self)(**_rows(self, rows))


def _rows(table: Any, rows: slice) -> dict[str, Any]:
    """Return the fields of a table whose rows are storages, of `rows` only."""
    return {field.name: _cut(getattr(table, field.name), rows) for field in fields(table)}


def _cut(value: Any, rows: slice) -> Any:
    if isinstance(value, DischargeCaps):
        return replace(value, most_kwh=value.most_kwh[rows])
    if is_dataclass(value) and not isinstance(value, type):
        return type(value)(**_rows(value, rows))
    return None if value is None else value[rows]
