"""Who gives back for the peak's sake when the load jumps above it, between plans and beyond them.

Money only: what is asked here is a wish, which `project` cuts to consent, floors and limits as any other. No car is asked that
could not have its promise again in time, by its own power.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf

from v2g.bounds import UnitBounds, load_now_kw
from v2g.driver import soc_floor_frac, stored_energy_kwh
from v2g.ledger import day_cap, left_kwh, life_cap
from v2g.limits import Limits
from v2g.observation import EvseState, Observation
from v2g.outlook import Outlook
from v2g.peak import rest_h, rest_kw, target_kw
from v2g.projection import project
from v2g.record import Memory
from v2g.setpoint import Setpoint
from v2g.site import Battery, Evse, Rules, Site
from v2g.why import Why

MARGIN_KWH = 0.25
"""A giver stays this far above its floor: what a converter loses more at part load."""
LEAST_KW = 0.5
"""Less than this is not asked of anyone: the converters would burn it."""
RELEASE_KW = 2.0
"""Givers are released only when this much less is needed: a load that flickers moves nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Giver:
    """A unit that can give up to `most_kw` for the rest of the quarter-hour, and has `wait_h` to spare before its promise."""

    unit_id: str
    most_kw: float
    wait_h: float


def shaved(
    setpoints: Sequence[Setpoint], limits: Limits, site: Site, observation: Observation, outlook: Outlook | None, memory: Memory
) -> tuple[Setpoint, ...]:
    """Return `setpoints` with as much given back as keeps the quarter-hour's mean at its target, as far as that can be.

    Unchanged where peaks cost nothing, the load is not measured, or the target holds by itself.
    """
    before = {s.unit_id: s.power_kw for s in setpoints}
    over_kw = over_target_kw(before, limits, site, observation, outlook, memory)
    if memory.plan is None or over_kw is None or over_kw <= 0.0 or not setpoints:
        return tuple(setpoints)
    after = before | asked(before, givers(limits, site, observation, memory), over_kw)
    why = {s.unit_id: Why.PEAK.value if after[s.unit_id] < before[s.unit_id] else s.why for s in setpoints}
    return project(after, tuple(before), limits, max(s.valid_until for s in setpoints), why)


def over_target_kw(
    power_kw: Mapping[str, float],
    limits: Limits,
    site: Site,
    observation: Observation,
    outlook: Outlook | None,
    memory: Memory,
) -> float | None:
    """Return by how much the import exceeds what the rest of the quarter-hour may draw [kW], if units do `power_kw`.

    Negative where there is room; None where peaks cost nothing, or the load is not measured.
    """
    load_kw, target = load_now_kw(site, observation), target_kw(site, memory, outlook, memory.plan)
    if load_kw is None or target == inf:
        return None
    drawn_kw = sum(power_kw.get(u.unit_id, 0.0) for u in limits.units if not u.unbound)
    return load_kw + drawn_kw - rest_kw(memory.quarter, observation.at, target)


def asked(power_kw: Mapping[str, float], willing: Sequence[Giver], over_kw: float) -> dict[str, float]:
    """Return new powers [kW, signed] of as many `willing` units, in their order, as it takes to draw `over_kw` less in all."""
    new: dict[str, float] = {}
    for giver in willing:
        now_kw = power_kw.get(giver.unit_id, 0.0)
        if over_kw <= 0.0:
            break
        wanted_kw = max(now_kw - over_kw, -giver.most_kw)
        wanted_kw = min(wanted_kw, -LEAST_KW) if wanted_kw < 0 else wanted_kw
        if wanted_kw < now_kw:
            new[giver.unit_id] = wanted_kw
            over_kw -= now_kw - wanted_kw
    return new


def givers(limits: Limits, site: Site, observation: Observation, memory: Memory) -> tuple[Giver, ...]:
    """Return who can give back now, the one with the most time to spare first: batteries, then cars whose drivers consent.

    Not who turned to charging less than the dwell time ago.
    """
    now = observation.at
    evses, states = {e.evse_id: e for e in site.evses}, {s.evse_id: s for s in observation.evses}
    batteries, charge = {b.battery_id: b for b in site.batteries}, {s.battery_id: s for s in observation.batteries}
    found = []
    for unit in limits.units:
        since, direction = memory.directions.get(unit.unit_id, (now, 0))
        too_soon = direction > 0 and (now - since).total_seconds() < site.rules.dwell_s
        if unit.floor_kw >= 0.0 or too_soon:
            continue
        if unit.unit_id in evses:
            giver = _car(unit, evses[unit.unit_id], states[unit.unit_id], site.rules, memory, observation)
        elif unit.unit_id in batteries and (soc := charge[unit.unit_id].soc_frac) is not None:
            giver = _battery(unit, batteries[unit.unit_id], soc.value, observation)
        else:
            continue
        if giver.most_kw >= LEAST_KW:
            found.append(giver)
    return tuple(sorted(found, key=lambda g: -g.wait_h))


def _battery(unit: UnitBounds, battery: Battery, soc_frac: float, observation: Observation) -> Giver:
    spare_kwh = (soc_frac - battery.soc_min_frac) * battery.usable_kwh - MARGIN_KWH
    most_kw = min(-unit.floor_kw, spare_kwh * battery.discharge_efficiency / rest_h(observation.at))
    return Giver(unit_id=unit.unit_id, most_kw=most_kw, wait_h=inf)


def _car(unit: UnitBounds, evse: Evse, state: EvseState, rules: Rules, memory: Memory, observation: Observation) -> Giver:
    """Return what the car can give and have again by its promise, charging by itself from the end of the quarter-hour on."""
    session, plan = state.session, memory.plan
    if session is None or plan is None or unit.unit_id not in plan.row or not plan.due_h:
        return Giver(unit_id=unit.unit_id, most_kw=0.0, wait_h=0.0)
    row, capacity = plan.row[unit.unit_id], session.vehicle.capacity_kwh or 0.0
    stored_kwh = stored_energy_kwh(session, evse)
    charge_kw = min(evse.charge_max_kw, session.vehicle.charge_max_kw or inf) * evse.efficiency
    rest = rest_h(observation.at)
    due_h = plan.due_h[row] - (observation.at - plan.made_at).total_seconds() / 3600.0
    wait_h = due_h - (plan.promised_kwh[row] - stored_kwh) / charge_kw
    spare_kwh = min(
        stored_kwh - soc_floor_frac(session, rules) * capacity - MARGIN_KWH,
        max(stored_kwh - plan.promised_kwh[row], (wait_h - rest) * charge_kw),
    )
    account = memory.ledger.account(session)
    capped_kwh = min(
        left_kwh(cap, used, discharge_max_kw=evse.discharge_max_kw, capacity_kwh=session.vehicle.capacity_kwh)
        for cap, used in ((day_cap(rules), account.today), (life_cap(rules), account.life))
    )
    most_kw = min(-unit.floor_kw, spare_kwh * evse.efficiency / rest, capped_kwh / rest)
    return Giver(unit_id=unit.unit_id, most_kw=most_kw, wait_h=wait_h)
