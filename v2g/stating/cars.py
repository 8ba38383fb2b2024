"""Plugged-in cars as storages."""

from collections.abc import Sequence
from math import inf
from typing import NamedTuple

import numpy as np

from v2g.driver import knows_charge, may_discharge, soc_floor_frac, stored_energy_kwh, target_energy_kwh
from v2g.outlook import Outlook
from v2g.record import Memory
from v2g.session import ChargingSession
from v2g.site import Evse, Rules
from v2g.stating.leaving import leaving
from v2g.storages import StorageKind
from v2g.tapering import tapering
from v2g.timegrid import Array
from v2g.unit import Unit

ASSUMED_CAPACITY_KWH = 100.0
"""Room assumed in a car that tells no capacity; only its target matters then."""
FLOOR_MARGIN_KWH = 0.25
"""Plans stay this far above a car's floor: what a discharge at part load loses more than at full power."""
CALLED_H = 8.0
"""Once in so long a car that may give back counts as called upon where a peak is to be expected [h]: what its driver wants and what
it keeps ready then comes as early as room allows, not when energy is a little cheaper. Measured, of perfect foresight's cost: a
week at Caltech 1.026 (16 h: 1.035), one at JPL 1.034 with either."""


def car_units(
    cars: Sequence[tuple[Evse, ChargingSession]], *, rules: Rules, outlook: Outlook, memory: Memory, spare_h: float = 0.0
) -> list[Unit]:
    """Return the cars as storages: each here until it has surely left, promised its target by an early departure.

    A car that may give back keeps ready what it gives in `spare_h` [h], beyond what its driver wants, and soon rather than late: to
    be called upon for the peak's sake counts as to leave.
    """
    departures = {d.session_id: d for d in outlook.departures}
    leaves = leaving([departures.get(s.session_id) for _, s in cars], [s.wishes.departure for _, s in cars], rules, outlook.grid)
    price_per_kwh = rules.unserved_price_factor * float(np.abs(outlook.import_price_per_kwh).mean())
    edges_h = outlook.grid.edges_h
    later_h = np.maximum(leaves.due_h - edges_h[-1], 0.0).tolist()
    return [
        _unit(
            evse,
            session,
            _Stay(leaves.here[i], leaves.probability[i], promise, later_h[i]),
            rules=rules,
            arrival_kwh=memory.arrival_kwh.get(session.session_id),
            spare_h=spare_h,
            price_per_kwh=price_per_kwh,
            edges_h=edges_h,
        )
        for i, ((evse, session), promise) in enumerate(zip(cars, leaves.due_step.tolist(), strict=True))
    ]


class _Stay(NamedTuple):
    """One row of `Leaving`, and by how long its promise is due after the grid's end [h]."""

    here: Array
    probability: Array
    promise: int
    later_h: float


def _unit(
    evse: Evse,
    session: ChargingSession,
    stay: _Stay,
    *,
    rules: Rules,
    arrival_kwh: float | None,
    spare_h: float,
    price_per_kwh: float,
    edges_h: Array,
) -> Unit:
    energy, n_steps = stored_energy_kwh(session, evse), len(stay.here)
    target = target_energy_kwh(session, evse, rules, arrival_kwh)
    known = knows_charge(session)
    capacity = session.vehicle.capacity_kwh if known and session.vehicle.capacity_kwh else max(target, ASSUMED_CAPACITY_KWH)
    charge_kw = min(evse.charge_max_kw, session.vehicle.charge_max_kw or inf)
    gives_kw = min(evse.discharge_max_kw, session.vehicle.discharge_max_kw or inf) * may_discharge(session, evse, rules)
    discharge_kw = gives_kw * stay.here
    discharge_kw[stay.promise :] = 0.0
    floor = min(soc_floor_frac(session, rules) * capacity + FLOOR_MARGIN_KWH, energy) if known else 0.0
    return Unit(
        unit_id=evse.evse_id,
        kind=StorageKind.EV,
        circuit_id=evse.circuit_id,
        phases=evse.phases,
        charge_max_kw=charge_kw * stay.here,
        charge_min_kw=min(evse.charge_min_kw, charge_kw),
        discharge_max_kw=discharge_kw,
        energy_min_kwh=np.full(n_steps, floor),
        energy_max_kwh=np.full(n_steps, max(capacity if known else target, energy)),
        initial_energy_kwh=energy,
        charge_efficiency=evse.efficiency,
        discharge_efficiency=evse.efficiency,
        wear_cost_per_kwh=rules.v2g_wear_cost_per_kwh,
        target_energy_kwh=max(target - stay.later_h * charge_kw * evse.efficiency, 0.0),
        target_step=stay.promise,
        spare_kwh=min(gives_kw * spare_h / evse.efficiency, max(capacity - target, 0.0)),
        priority=session.wishes.priority,
        departure_probability=_called(stay.probability, edges_h) if gives_kw * spare_h > 0 else stay.probability,
        shortfall_price_per_kwh=price_per_kwh,
        converter=tapering(session, charge_kw * evse.efficiency, rules.taper_from_frac),
    )


def _called(leaves: Array, edges_h: Array) -> Array:
    """Return the probability that a car leaves, or is called upon, at the end of each step, (n_steps,)."""
    neither = (1.0 - np.cumsum(leaves)) * np.exp(-edges_h[1:] / CALLED_H)
    return -np.diff(neither, prepend=1.0)
