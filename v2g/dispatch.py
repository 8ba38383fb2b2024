"""Lower first, wait for the acknowledgement, then raise: so that no limit is broken between two messages."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np

from v2g.bounds import UnitBounds
from v2g.cabinets import modules_used
from v2g.limits import Limits
from v2g.observation import Observation
from v2g.ports import Gateway
from v2g.setpoint import Applied, DispatchReport, Setpoint
from v2g.timegrid import Array

DEADBAND_KW = 0.05
ROUNDING_KW = 1e-6
RENEW_TICKS = 1.5
"""A lease is renewed when less than this many ticks of it are left: the next tick, which could, may come late."""


async def dispatch(
    gateway: Gateway, setpoints: Sequence[Setpoint], observation: Observation, limits: Limits, tick_s: float
) -> DispatchReport:
    """Send what changed. Raises that no longer fit because a lowering was not confirmed are withheld and reported."""
    confirmed, leases = confirmed_kw(observation), _leases(observation)
    tries = {s.evse_id: s.breach.tries for s in observation.evses if s.breach}
    in_force = {u.unit_id: _or_unconfirmed(confirmed.get(u.unit_id), u) for u in limits.units}
    low = observation.at + timedelta(seconds=RENEW_TICKS * tick_s)
    due = [s for s in setpoints if is_due(s, confirmed.get(s.unit_id), leases.get(s.unit_id), low)]
    due = [replace(s, attempt=tries.get(s.unit_id, 0)) for s in due]
    raises = [s for s in due if _is_raise(s, in_force[s.unit_id])]
    lowers = [s for s in due if not _is_raise(s, in_force[s.unit_id])]
    outcomes = await gateway.apply(lowers) if lowers else ()
    withheld: tuple[Setpoint, ...] = ()
    for wave in _waves(raises, in_force):
        in_force |= {o.setpoint.unit_id: o.setpoint.power_kw for o in outcomes if isinstance(o, Applied)}
        fitting = admit(wave, in_force, limits)
        withheld += _without(wave, fitting)
        outcomes += await gateway.apply(fitting) if fitting else ()
    return DispatchReport(outcomes=outcomes, withheld=withheld)


def _waves(raises: Sequence[Setpoint], in_force: Mapping[str, float]) -> tuple[list[Setpoint], list[Setpoint]]:
    """Return who turns around, then all others: what the first no longer draw is free once they have confirmed."""
    turns = [s for s in raises if s.power_kw * in_force[s.unit_id] < 0]
    return turns, [s for s in raises if s.power_kw * in_force[s.unit_id] >= 0]


def confirmed_kw(observation: Observation) -> dict[str, float | None]:
    """Return the setpoint each reachable unit confirmed and still follows [kW], None where nothing is confirmed."""
    outlets = {s.evse_id: s.acknowledged_kw for s in observation.evses if s.online}
    batteries = {s.battery_id: s.acknowledged_kw for s in observation.batteries if s.online}
    return outlets | batteries | {s.asset_id: s.acknowledged_kw for s in observation.assets if s.online}


def is_due(setpoint: Setpoint, confirmed_kw: float | None, lease_until: datetime | None, low: datetime) -> bool:
    """Return whether `setpoint` must be sent: it differs from what is confirmed, or the lease ends before `low`."""
    if confirmed_kw is None or abs(setpoint.power_kw - confirmed_kw) > DEADBAND_KW:
        return True
    return lease_until is not None and lease_until < low


def admit(raises: Sequence[Setpoint], in_force: Mapping[str, float], limits: Limits) -> list[Setpoint]:
    """Return those of `raises` that fit beside all that is in force [kW by unit], served in order.

    They are sent side by side: what one of them gives up by turning around is no room for another.
    """
    row = {u.unit_id: i for i, u in enumerate(limits.units)}
    power = np.array([in_force[u.unit_id] for u in limits.units])
    draws, gives = limits.weight @ np.maximum(power, 0.0), limits.weight @ np.maximum(-power, 0.0)
    weight = np.ascontiguousarray(limits.weight.T)
    admitted = []
    for setpoint in raises:
        i, new = row[setpoint.unit_id], setpoint.power_kw
        new_draws = draws + weight[i] * max(max(new, 0.0) - max(power[i], 0.0), 0.0)
        new_gives = gives + weight[i] * max(max(-new, 0.0) - max(-power[i], 0.0), 0.0)
        fits = _no_worse(draws, new_draws, limits.import_room_kw) and _no_worse(gives, new_gives, limits.export_room_kw)
        if fits and _modules_suffice(limits, power, i, new):
            draws, gives, power[i] = new_draws, new_gives, new
            admitted.append(setpoint)
    return admitted


def _modules_suffice(limits: Limits, power_kw: Array, row: int, new_kw: float) -> bool:
    """Return whether the cabinets have the modules for `new_kw` at the unit `row`, beside what the others do."""
    if not limits.cabinets:
        return True
    new = power_kw.copy()
    new[row] = new_kw
    held, needed = (modules_used(limits.cabinets, limits.units, np.abs(kw)) for kw in (power_kw, new))
    return _no_worse(held, needed, np.array([c.n_free for c in limits.cabinets]))


def _without(raises: Sequence[Setpoint], fitting: Sequence[Setpoint]) -> tuple[Setpoint, ...]:
    names = {s.unit_id for s in fitting}
    return tuple(s for s in raises if s.unit_id not in names)


def _no_worse(before: Array, after: Array, room: Array) -> bool:
    """Return whether every row fits its room or, where it did not before either, did not grow."""
    return not ((after > room + ROUNDING_KW) & (after > before)).any()


def _leases(observation: Observation) -> dict[str, datetime | None]:
    return {s.evse_id: s.lease_until for s in observation.evses} | {s.asset_id: s.lease_until for s in observation.assets}


def _or_unconfirmed(confirmed: float | None, unit: UnitBounds) -> float:
    return unit.unconfirmed_kw if confirmed is None else confirmed


def _is_raise(setpoint: Setpoint, in_force_kw: float) -> bool:
    """Return whether `setpoint` lets the unit draw or give back more than it may now."""
    draws_more = max(setpoint.power_kw, 0.0) > max(in_force_kw, 0.0) + DEADBAND_KW
    gives_more = max(-setpoint.power_kw, 0.0) > max(-in_force_kw, 0.0) + DEADBAND_KW
    return draws_more or gives_more
