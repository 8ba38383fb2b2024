"""The optimisation problem as values: what a planner gets, and nothing else.

Few concepts: *storages* (cars, batteries) sit on *circuits* (a feeder tree whose root is the grid connection) and trade
at the *connection*'s prices. Signs: + into the storage or into the site. Arrays are float64, units first, steps second.
"""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from v2g.errors import ProblemError
from v2g.timegrid import Array, TimeGrid

N_PHASES = 3


class StorageKind(StrEnum):
    """What a storage stands for; planners treat all alike, explanations do not."""

    EV = "ev"
    BATTERY = "battery"


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
    terminal_value_per_kwh : (n,)
        Worth of a kWh stored at the horizon's end.
    previous_power_kw : (n, T)
        The previous plan on this grid, NaN where there is none [kW, signed].
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

    @property
    def n_units(self) -> int:
        """Number of storages."""
        return len(self.unit_ids)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Circuits:
    """The feeder tree, m circuits by T steps; circuit 0 is the root, the grid connection.

    Parameters
    ----------
    circuit_ids : (m,)
        Names.
    parent_index : (m,) int64
        Index of each parent, −1 for the root; a parent stands before its children.
    import_limit_kw, export_limit_kw : (m, T)
        Bounds of the three-phase sum [kW, ≥ 0, inf = none].
    phase_limit_kw : (m, 3)
        Bound of each phase's power in either direction [kW, inf = none].
    fixed_kw : (m, T)
        Expected uncontrolled net power at the circuit itself (load − PV) [kW], spread evenly over the phases.
    fixed_margin_kw : (m, T)
        How much more that could be, counted at the import limits only [kW, ≥ 0].
    """

    circuit_ids: tuple[str, ...]
    parent_index: NDArray[np.int64]
    import_limit_kw: Array
    export_limit_kw: Array
    phase_limit_kw: Array
    fixed_kw: Array
    fixed_margin_kw: Array

    @property
    def n_circuits(self) -> int:
        """Number of circuits."""
        return len(self.circuit_ids)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Connection:
    """Money at the grid connection.

    `import_price_per_kwh` and `export_price_per_kwh` are (T,) [currency/kWh]. The demand charge is
    ``demand_charge_per_kw · max(0, highest mean import of a step − peak_so_far_kw)``.
    """

    import_price_per_kwh: Array
    export_price_per_kwh: Array
    demand_charge_per_kw: float = 0.0
    peak_so_far_kw: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Problem:
    """Everything a planner may know. Raises `ProblemError` on wrong shapes, non-finite numbers or crossed bounds."""

    grid: TimeGrid
    storages: Storages
    circuits: Circuits
    connection: Connection

    def __post_init__(self) -> None:
        check_circuits(self.circuits, self.grid.n_steps)
        check_storages(self.storages, self.grid.n_steps, self.circuits.circuit_ids)
        check_connection(self.connection, self.grid.n_steps)

    @property
    def shape(self) -> tuple[int, int]:
        """(n_units, n_steps)."""
        return self.storages.n_units, self.grid.n_steps

    def membership(self) -> Array:
        """Return (m, n): 1 where the unit hangs at the circuit or below it."""
        index = {name: i for i, name in enumerate(self.circuits.circuit_ids)}
        inside = np.zeros((self.circuits.n_circuits, self.storages.n_units))
        for unit, name in enumerate(self.storages.circuit_ids):
            circuit = index[name]
            while circuit >= 0:
                inside[circuit, unit] = 1.0
                circuit = int(self.circuits.parent_index[circuit])
        return inside

    def fixed_below(self) -> tuple[Array, Array]:
        """Return the fixed power and its margin of each circuit with all below it, two (m, T) [kW]."""
        fixed, margin = self.circuits.fixed_kw.copy(), self.circuits.fixed_margin_kw.copy()
        for i in range(self.circuits.n_circuits - 1, 0, -1):
            parent = int(self.circuits.parent_index[i])
            fixed[parent] += fixed[i]
            margin[parent] += margin[i]
        return fixed, margin


NEGATIVE = "a number is negative or not a number", "give numbers ≥ 0"
NOT_FINITE = "a number is not finite", "give finite numbers"


def _need(ok: bool | np.bool_, message: str, place: str, mend: str) -> None:
    if not ok:
        raise ProblemError(message, place=place, mend=mend)


def _shape(array: NDArray[Any], shape: tuple[int, ...], place: str) -> None:
    _need(array.shape == shape, f"the shape is {array.shape}", place, f"give {shape}")


@dataclass(frozen=True, slots=True)
class _Named:
    """A part of the problem whose rows have names; its errors name the first row that is wrong."""

    place: str
    names: tuple[str, ...]

    def need_once(self) -> None:
        for name, times in Counter(self.names).items():
            _need(times == 1, f"{times} {self.place} share a name", f"{self.place}[{name}]", "name each once")

    def need(self, field: str, ok: NDArray[np.bool_], message: str, mend: str) -> None:
        """Raise `ProblemError` unless all of `ok` (n, ...) holds."""
        for row in np.argwhere(~ok)[:1, 0]:
            raise ProblemError(message, place=f"{self.place}[{self.names[row]}].{field}", mend=mend)


def check_storages(s: Storages, n_steps: int, circuit_ids: tuple[str, ...]) -> None:
    """Raise `ProblemError` naming the first storage and field of `s` that cannot be used."""
    n, each = s.n_units, _Named("storages", s.unit_ids)
    each.need_once()
    _need(len(s.kinds) == n and len(s.circuit_ids) == n, "kinds or circuits are missing", "storages", "give each storage its own")
    mend = f"one of {', '.join(circuit_ids)}"
    for name, where in zip(s.unit_ids, s.circuit_ids, strict=True):
        _need(where in circuit_ids, f"there is no circuit {where!r}", f"storages[{name}].circuit_id", mend)
    shapes: dict[str, tuple[int, ...]] = {
        "phase_share": (n, N_PHASES),
        **dict.fromkeys(("charge_max_kw", "discharge_max_kw", "energy_min_kwh", "energy_max_kwh"), (n, n_steps)),
        **dict.fromkeys(("drain_kwh", "departure_probability"), (n, n_steps)),
        **dict.fromkeys(("charge_min_kw", "discharge_min_kw", "initial_energy_kwh", "priority"), (n,)),
        **dict.fromkeys(("charge_efficiency", "discharge_efficiency", "wear_cost_per_kwh"), (n,)),
        **dict.fromkeys(("target_energy_kwh", "target_step", "shortfall_price_per_kwh", "terminal_value_per_kwh"), (n,)),
    }
    for field, shape in shapes.items():
        _shape(getattr(s, field), shape, f"storages.{field}")
        each.need(field, np.isfinite(getattr(s, field)), *NOT_FINITE)
    _shape(s.previous_power_kw, (n, n_steps), "storages.previous_power_kw")
    _check_ranges(s, each, n_steps)


def _check_ranges(s: Storages, each: _Named, n_steps: int) -> None:
    for field in ("charge_max_kw", "discharge_max_kw", "charge_min_kw", "discharge_min_kw", "phase_share", "wear_cost_per_kwh"):
        each.need(field, getattr(s, field) >= 0, *NEGATIVE)
    for field in ("departure_probability", "shortfall_price_per_kwh", "target_energy_kwh"):
        each.need(field, getattr(s, field) >= 0, *NEGATIVE)
    for field in ("charge_efficiency", "discharge_efficiency"):
        value = getattr(s, field)
        each.need(field, (value > 0) & (value <= 1), "an efficiency is outside (0, 1]", "e.g. 0.95")
    ordered = s.energy_min_kwh <= s.energy_max_kwh
    each.need("energy_min_kwh", ordered, "a minimum is above its maximum", "lower energy_min_kwh or raise energy_max_kwh")
    whole = np.abs(s.phase_share.sum(axis=1) - 1) < 1e-6
    each.need("phase_share", whole, "the shares do not sum to 1", "e.g. 1, 0, 0 for the first phase alone")
    each.need("priority", s.priority > 0, "a priority is not positive", "1 = like everyone")
    inside = (s.target_step >= 0) & (s.target_step <= n_steps)
    each.need("target_step", inside, "a step is outside the grid", f"0..{n_steps}, 0 = no promise")
    likely = s.departure_probability.sum(axis=1) <= 1 + 1e-6
    mend = "it leaves at most once: lower them; one number counts at every step"
    each.need("departure_probability", likely, "the probabilities sum to more than 1", mend)


def check_circuits(c: Circuits, n_steps: int) -> None:
    """Raise `ProblemError` naming the first circuit and field of `c` that cannot be used."""
    m, each = c.n_circuits, _Named("circuits", c.circuit_ids)
    _need(m >= 1, "there is no circuit", "circuits", "give at least the grid connection")
    each.need_once()
    _shape(c.parent_index, (m,), "circuits.parent_index")
    _need(c.parent_index[0] == -1, "the first circuit has a parent", "circuits.parent_index", "the root stands first")
    before = (c.parent_index >= 0) & (c.parent_index < np.arange(m))
    before[0] = True
    each.need("parent_index", before, "its parent does not stand before it", "list a parent before its children")
    for field in ("import_limit_kw", "export_limit_kw", "fixed_kw", "fixed_margin_kw"):
        _shape(getattr(c, field), (m, n_steps), f"circuits.{field}")
    _shape(c.phase_limit_kw, (m, N_PHASES), "circuits.phase_limit_kw")
    for field in ("import_limit_kw", "export_limit_kw", "phase_limit_kw", "fixed_margin_kw"):
        each.need(field, getattr(c, field) >= 0, *NEGATIVE)
    for field in ("fixed_kw", "fixed_margin_kw"):
        each.need(field, np.isfinite(getattr(c, field)), *NOT_FINITE)


def check_connection(c: Connection, n_steps: int) -> None:
    """Raise `ProblemError` naming the first field of `c` that cannot be used."""
    for field in ("import_price_per_kwh", "export_price_per_kwh"):
        _shape(getattr(c, field), (n_steps,), f"connection.{field}")
        _need(np.isfinite(getattr(c, field)).all(), "a price is not finite", f"connection.{field}", "give finite numbers")
    for field in ("demand_charge_per_kw", "peak_so_far_kw"):
        value = getattr(c, field)
        _need(np.isfinite(value) and value >= 0, "the number is negative or not finite", f"connection.{field}", "give a number ≥ 0")
