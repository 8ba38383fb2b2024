"""The safety projection: the last word on every setpoint. Pure, never calls the solver, never exceeds a limit."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from math import inf

import numpy as np

from v2g.bounds import UnitBounds
from v2g.cabinets import Racks
from v2g.limits import Limits
from v2g.setpoint import Setpoint
from v2g.timegrid import Array

TINY_KW = 1e-6
FOREVER_H = 24.0 * 365


def project(
    wanted_kw: Mapping[str, float], urgency: Sequence[str], limits: Limits, valid_until: datetime, why: Mapping[str, str]
) -> tuple[Setpoint, ...]:
    """Return one setpoint for each of ``limits.units``, as near to `wanted_kw` as all limits allow.

    Units are served in the order of `urgency` (names, most urgent first; the others follow): each gets what it wants if
    there is room in every row above it, else what is left, else 0 if that is less than it can hold. At a cabinet each takes whole
    modules, even if it draws less than they give. A unit that has confirmed nothing takes its `unconfirmed_kw`, and
    `unconfirmed_give_kw`, of the room even so. The result is a fixed point: projecting it again changes nothing.

    Parameters
    ----------
    wanted_kw : mapping
        Signed power by unit [kW]; a unit not named wants 0.
    urgency : sequence of str
        Unit names, most urgent first.
    limits : Limits
        The limits that hold now; r rows by n units.
    valid_until : datetime
        When the setpoints expire; one that gives back does earlier if the unit would have given all it may by then.
    why : mapping
        Reason by unit, handed through.
    """
    rank = {unit_id: i for i, unit_id in enumerate(urgency)}
    order = sorted(range(len(limits.units)), key=lambda i: rank.get(limits.units[i].unit_id, len(rank)))
    stubborn_kw = np.array([u.unconfirmed_kw for u in limits.units])
    stubborn_give_kw = np.array([u.unconfirmed_give_kw for u in limits.units])
    import_room = limits.import_room_kw - limits.weight @ stubborn_kw
    export_room = limits.export_room_kw - limits.weight @ stubborn_give_kw
    weight = np.ascontiguousarray(limits.weight.T)  # each unit reads its own, side by side in memory
    racks = Racks(limits.cabinets, limits.units)
    setpoints: dict[int, Setpoint] = {}
    for i in order:
        unit = limits.units[i]
        wanted = wanted_kw.get(unit.unit_id, 0.0)
        power, bound_by = _within(unit, wanted)
        room, sign = (import_room, 1.0) if power >= 0 else (export_room, -1.0)
        own_kw = unit.unconfirmed_kw if sign > 0 else unit.unconfirmed_give_kw
        granted, row = _grant(abs(power), weight[i], room + weight[i] * own_kw)
        bound_by += (limits.row_names[row],) if row is not None else ()
        if granted > racks.most_kw(unit) + TINY_KW:
            granted, bound_by = racks.most_kw(unit), (*bound_by, f"{unit.circuit_id}:modules")
        if sign > 0 and granted < unit.least_kw - TINY_KW:
            bound_by += ("minimum_power",) if granted > TINY_KW else ()
            granted = 0.0
        room -= weight[i] * max(granted - own_kw, 0.0)
        racks.take(unit, granted)
        setpoints[i] = Setpoint(
            unit_id=unit.unit_id,
            power_kw=sign * granted if granted > 0 else 0.0,
            valid_until=valid_until if sign > 0 else min(valid_until, _emptied(unit, granted, limits.at)),
            bound_by=bound_by,
            why=why.get(unit.unit_id, ""),
        )
    return tuple(setpoints[i] for i in range(len(limits.units)))


def fits(power_kw: Mapping[str, float], limits: Limits) -> bool:
    """Return whether all units may go on as they do [kW by unit]: `project` would lower nobody.

    Thousands of units are looked at together, where `project` serves one after the other. Power modules are not looked at: where
    there are cabinets the answer is no.
    """
    if limits.cabinets:
        return False
    units = [
        (power_kw.get(u.unit_id, 0.0), u.floor_kw, u.ceiling_kw, u.least_kw, u.unconfirmed_kw, u.unconfirmed_give_kw)
        for u in limits.units
    ]
    kw, floor_kw, ceiling_kw, least_kw, stubborn_kw, stubborn_give_kw = np.array(units).reshape(-1, 6).T
    own = (kw >= floor_kw - TINY_KW) & (kw <= ceiling_kw + TINY_KW) & ((kw <= 0.0) | (kw >= least_kw - TINY_KW))
    draws_kw, gives_kw = np.maximum(kw, stubborn_kw), np.maximum(-kw, stubborn_give_kw)
    drawn = limits.weight @ draws_kw <= limits.import_room_kw + TINY_KW
    given = limits.weight @ gives_kw <= limits.export_room_kw + TINY_KW
    return bool(own.all() and drawn.all() and given.all())


def _emptied(unit: UnitBounds, power_kw: float, now: datetime) -> datetime:
    """Return when `unit` has given back all that it may, at `power_kw` [kW]."""
    left_h = unit.give_kwh / power_kw if power_kw > 0 else inf
    return now + timedelta(hours=min(left_h, FOREVER_H))


def _within(unit: UnitBounds, wanted_kw: float) -> tuple[float, tuple[str, ...]]:
    if not np.isfinite(wanted_kw):
        return 0.0, ("not_a_number",)
    if wanted_kw > unit.ceiling_kw + TINY_KW:
        return unit.ceiling_kw, (unit.ceiling_by,)
    if wanted_kw < unit.floor_kw - TINY_KW:
        return unit.floor_kw, (unit.floor_by,)
    return min(max(wanted_kw, unit.floor_kw), unit.ceiling_kw), ()


def _grant(size_kw: float, weight: Array, room: Array) -> tuple[float, int | None]:
    """Return how much of `size_kw` fits into every row the unit touches, and the row that cuts it."""
    touched = weight > 0
    if size_kw <= 0 or not touched.any():
        return size_kw, None
    most = np.full(len(weight), np.inf)
    most[touched] = np.maximum(room[touched], 0.0) / weight[touched]
    row = int(np.argmin(most))
    if most[row] >= size_kw - TINY_KW * 1e-3:
        return min(size_kw, float(most[row])), None
    return float(most[row]), row
