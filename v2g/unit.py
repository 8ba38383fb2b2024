"""One storage by itself, and many of them as the arrays of a problem."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, nan

import numpy as np

from v2g.converters import Ageing, Converters, DischargeCaps
from v2g.network import N_PHASES, phase_share
from v2g.storages import StorageKind, Storages
from v2g.timegrid import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Converter:
    """One row of `Converters`, by the same names and units; ideal where nothing is said."""

    power_step_kw: float = 0.0
    rest_h: float = 0.0
    ramp_kw_per_h: float = inf
    in_force_kw: float = nan
    taper_full_kwh: float = inf
    taper_per_h: float = inf
    knee_kw: float = inf
    knee_loss_frac: float = 0.0
    standby_kw: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Unit:
    """One row of `Storages`, by the same names and units; power and energy bounds, drain and probabilities are (n_steps,)."""

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
    discharge_min_kw: float = 0.0
    drain_kwh: Array | None = None
    target_energy_kwh: float = 0.0
    target_step: int = 0
    spare_kwh: float = 0.0
    priority: float = 1.0
    departure_probability: Array
    shortfall_price_per_kwh: float = 0.0
    terminal_value_per_kwh: float = 0.0
    converter: Converter = Converter()
    calendar_above_kwh: float = 0.0
    calendar_price_per_kwh_h: float = 0.0
    depth_kwh: tuple[float, ...] = ()
    depth_price_per_kwh: tuple[float, ...] = ()


def storages_of(units: Sequence[Unit], previous_power_kw: Array, caps: DischargeCaps | None = None) -> Storages:
    """Return `units` as arrays; `previous_power_kw` is the previous plan, NaN where there is none, (n_units, n_steps) [kW]."""
    n, t = previous_power_kw.shape

    def rows(field: str) -> Array:
        return np.array([getattr(u, field) for u in units], dtype=np.float64).reshape(n, t)

    def column(field: str) -> Array:
        return np.array([getattr(u, field) for u in units], dtype=np.float64)

    return Storages(
        unit_ids=tuple(u.unit_id for u in units),
        kinds=tuple(u.kind for u in units),
        circuit_ids=tuple(u.circuit_id for u in units),
        phase_share=np.array([phase_share(u.phases) for u in units]).reshape(n, N_PHASES),
        charge_max_kw=rows("charge_max_kw"),
        discharge_max_kw=rows("discharge_max_kw"),
        charge_min_kw=column("charge_min_kw"),
        discharge_min_kw=column("discharge_min_kw"),
        energy_min_kwh=rows("energy_min_kwh"),
        energy_max_kwh=rows("energy_max_kwh"),
        initial_energy_kwh=column("initial_energy_kwh"),
        charge_efficiency=column("charge_efficiency"),
        discharge_efficiency=column("discharge_efficiency"),
        drain_kwh=np.array([np.zeros(t) if u.drain_kwh is None else u.drain_kwh for u in units]).reshape(n, t),
        wear_cost_per_kwh=column("wear_cost_per_kwh"),
        target_energy_kwh=column("target_energy_kwh"),
        target_step=np.array([u.target_step for u in units], dtype=np.int64),
        priority=column("priority"),
        departure_probability=rows("departure_probability"),
        shortfall_price_per_kwh=column("shortfall_price_per_kwh"),
        terminal_value_per_kwh=column("terminal_value_per_kwh"),
        previous_power_kw=previous_power_kw,
        converters=_converters(units),
        ageing=_ageing(units),
        caps=caps,
        spare_kwh=column("spare_kwh") if any(u.spare_kwh for u in units) else None,
    )


def _converters(units: Sequence[Unit]) -> Converters | None:
    """Return the units' converters, None if all are ideal."""
    if all(u.converter == Converter() for u in units):
        return None
    return Converters(**{name: np.array([getattr(u.converter, name) for u in units]) for name in Converters.__slots__})


def _ageing(units: Sequence[Unit]) -> Ageing | None:
    """Return what ageing costs, None if nothing; units with fewer depths than others have empty ones behind."""
    if not any(u.depth_kwh or u.calendar_price_per_kwh_h for u in units):
        return None
    depths = max(len(u.depth_kwh) for u in units)

    def padded(values: tuple[float, ...], last: float) -> list[float]:
        return [*values, *[last] * (depths - len(values))]

    sizes = [padded(u.depth_kwh, 0.0) for u in units]
    prices = [padded(u.depth_price_per_kwh, max(u.depth_price_per_kwh, default=0.0)) for u in units]
    return Ageing(
        calendar_above_kwh=np.array([u.calendar_above_kwh for u in units]),
        calendar_price_per_kwh_h=np.array([u.calendar_price_per_kwh_h for u in units]),
        depth_kwh=np.array(sizes).reshape(len(units), depths),
        depth_price_per_kwh=np.array(prices).reshape(len(units), depths),
    )
