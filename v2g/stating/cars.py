"""A plugged-in car as a storage."""

from datetime import datetime

import numpy as np

from v2g.driver import knows_charge, may_discharge, soc_floor_frac, stored_energy_kwh, target_energy_kwh
from v2g.outlook import LEVELS, Departure, Outlook
from v2g.record import Memory
from v2g.session import ChargingSession
from v2g.site import Evse, Rules
from v2g.storages import StorageKind
from v2g.tapering import tapering
from v2g.timegrid import Array, TimeGrid
from v2g.unit import Unit

ASSUMED_CAPACITY_KWH = 100.0
"""Room assumed in a car that tells no capacity; only its target matters then."""
FLOOR_MARGIN_KWH = 0.25
"""Plans stay this far above a car's floor: what a discharge at part load loses more than at full power."""


def car_unit(
    evse: Evse,
    session: ChargingSession,
    departure: Departure | None,
    *,
    rules: Rules,
    outlook: Outlook,
    memory: Memory,
    spare_h: float = 0.0,
) -> Unit:
    """Return the car at `evse` as a storage: here until it has surely left, promised its target by an early departure.

    A car that may give back keeps ready what it gives in `spare_h` [h], beyond what its driver wants.
    """
    grid = outlook.grid
    energy = stored_energy_kwh(session, evse)
    target = target_energy_kwh(session, evse, rules, memory.arrival_kwh.get(session.session_id))
    known = knows_charge(session)
    capacity = session.vehicle.capacity_kwh if known and session.vehicle.capacity_kwh else max(target, ASSUMED_CAPACITY_KWH)
    charge_kw = min(evse.charge_max_kw, session.vehicle.charge_max_kw or np.inf)
    discharge_kw = min(evse.discharge_max_kw, session.vehicle.discharge_max_kw or np.inf)
    leaves = _departure_probability(departure, grid)
    promise, due_h = _promise(departure, session, rules, grid)
    later_h = max(due_h - grid.edges_h[-1], 0.0)
    here = _here(departure, grid)
    before_promise = np.arange(grid.n_steps) < promise
    gives_kw = discharge_kw * may_discharge(session, evse, rules)
    floor = min(soc_floor_frac(session, rules) * capacity + FLOOR_MARGIN_KWH, energy) if known else 0.0
    return Unit(
        unit_id=evse.evse_id,
        kind=StorageKind.EV,
        circuit_id=evse.circuit_id,
        phases=evse.phases,
        charge_max_kw=charge_kw * here,
        charge_min_kw=min(evse.charge_min_kw, charge_kw),
        discharge_max_kw=gives_kw * here * before_promise,
        energy_min_kwh=np.full(grid.n_steps, floor),
        energy_max_kwh=np.full(grid.n_steps, max(capacity if known else target, energy)),
        initial_energy_kwh=energy,
        charge_efficiency=evse.efficiency,
        discharge_efficiency=evse.efficiency,
        wear_cost_per_kwh=rules.v2g_wear_cost_per_kwh,
        target_energy_kwh=max(target - later_h * charge_kw * evse.efficiency, 0.0) if promise else 0.0,
        target_step=promise,
        spare_kwh=min(gives_kw * spare_h / evse.efficiency, max(capacity - target, 0.0)),
        priority=session.wishes.priority,
        departure_probability=leaves,
        shortfall_price_per_kwh=rules.unserved_price_factor * float(np.abs(outlook.import_price_per_kwh).mean()),
        converter=tapering(session, charge_kw * evse.efficiency, rules.taper_from_frac),
    )


def _promise(departure: Departure | None, session: ChargingSession, rules: Rules, grid: TimeGrid) -> tuple[int, float]:
    """Return (steps before the target is due, hours until then): the stated departure or an early quantile, the sooner."""
    times = [session.wishes.departure] if session.wishes.departure else []
    if departure:
        seconds = [t.timestamp() for t in departure.quantiles]
        early = float(np.interp(1.0 - rules.target_probability, LEVELS, seconds))
        times.append(datetime.fromtimestamp(early, tz=grid.start.tzinfo))
    due_h = min((grid.offset_h(t) for t in times), default=rules.default_stay_h)
    # What is already overdue is due at the end of the first step: as soon as can be, never "no promise".
    steps = int(np.searchsorted(grid.edges_h[1:], due_h + 1e-9, side="right"))
    return max(steps, 1), max(due_h, 0.0)


def _here(departure: Departure | None, grid: TimeGrid) -> Array:
    """Return 1 for the steps in which the car may still be here, at least the first, (n_steps,)."""
    last_h = grid.offset_h(departure.quantiles[-1]) if departure else np.inf
    here = (grid.edges_h[:-1] < last_h).astype(np.float64)
    here[0] = 1.0
    return here


def _departure_probability(departure: Departure | None, grid: TimeGrid) -> Array:
    """Return the probability of leaving in each step, from the quantiles joined by straight lines, (n_steps,)."""
    if departure is None:
        return np.zeros(grid.n_steps)
    offsets = np.maximum.accumulate([0.0] + [max(grid.offset_h(t), 0.0) for t in departure.quantiles])
    left = np.interp(grid.edges_h[1:], offsets, (0.0, *LEVELS))
    return np.diff(left, prepend=0.0)
