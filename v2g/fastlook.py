"""The fast look between ticks: measurements against the limits; lowers at once, never solves.

It raises nothing but what units give back, within all limits, to hold the quarter-hour's peak, and lets go of it again.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from v2g.bounds import fresh
from v2g.conduct import believed
from v2g.curtailment import export_cuts
from v2g.dispatch import dispatch
from v2g.easing import eased
from v2g.in_force import DEADBAND_KW, confirmed_kw, lease_end
from v2g.limits import Limits, capacities_kw
from v2g.observation import Observation
from v2g.outlook import Outlook
from v2g.projection import fits, project
from v2g.record import Memory
from v2g.remembering import look, sent, turned
from v2g.setpoint import Applied, DispatchReport, Setpoint
from v2g.shaving import RELEASE_KW, over_target_kw, shaved
from v2g.signals import Signals
from v2g.site import Site
from v2g.tick import Parts, limits_under, urgency
from v2g.turns import others_turn
from v2g.why import Why


async def fast_look(
    parts: Parts, memory: Memory, outlook: Outlook | None, signals: Signals, now: datetime
) -> tuple[Observation, DispatchReport, Memory]:
    """Lower at once what no longer fits; if a charger will not be lowered, lower others in its place.

    Returns what was seen, what was done, and the memory with the meters read.
    """
    site = parts.site
    observation = await parts.gateway.observe(now)
    await others_turn()
    memory = look(memory, observation, site)
    observation = believed(observation, memory.conducts)
    held = {unit: power for unit, power in confirmed_kw(observation).items() if power is not None}
    await others_turn()
    limits = limits_under(site, observation, outlook, signals, memory, memory.plan)
    await others_turn()
    limits, rooms = eased(_relieved(limits, held, site, observation, signals), memory.rooms, observation, site)
    memory = replace(memory, rooms=rooms)
    order = urgency(memory.plan) if memory.plan else ()
    lease = lease_end(site, now)
    drawing = held | _drawing_unconfirmed(observation, limits)
    cuts = (*_cuts(drawing, order, limits, lease), *export_cuts(site, observation, signals, lease))
    gives = _gives(held, limits, site, observation, outlook, memory)
    moves = (*(c for c in cuts if c.unit_id not in {g.unit_id for g in gives}), *gives)
    first = await dispatch(parts.gateway, moves, observation, limits, site.horizon.tick_s)
    memory = turned(memory, gives, now)
    stubborn = {
        o.setpoint.unit_id: max(drawing.get(o.setpoint.unit_id, 0.0), 0.0) for o in first.outcomes if not isinstance(o, Applied)
    }
    if not stubborn:
        return observation, first, sent(memory, first, held, now)
    limits = _counting(limits, stubborn)
    done = {o.setpoint.unit_id: o.setpoint.power_kw for o in first.outcomes if isinstance(o, Applied)}
    others = {unit: power for unit, power in (drawing | done).items() if unit not in stubborn}
    second = await dispatch(parts.gateway, _cuts(others, order, limits, lease), observation, limits, site.horizon.tick_s)
    report = DispatchReport(outcomes=(*first.outcomes, *second.outcomes))
    return observation, report, sent(memory, report, held, now)


def _drawing_unconfirmed(observation: Observation, limits: Limits) -> dict[str, float]:
    """Return what units may draw that confirmed nothing [kW], as all do after a restart; a breach is the tick's to tell again."""
    breaches = {s.evse_id for s in observation.evses if s.breach}
    return {u.unit_id: u.unconfirmed_kw for u in limits.units if u.unconfirmed_kw > 0.0 and u.unit_id not in breaches}


def _cuts(held: Mapping[str, float], order: tuple[str, ...], limits: Limits, lease: datetime) -> tuple[Setpoint, ...]:
    """Return setpoints for those of `held` [kW by unit] that must draw, or give back, less than they do."""
    if fits(held, limits):
        return ()
    projected = project(held, order, limits, lease, dict.fromkeys(held, "fast_loop"))
    return tuple(s for s in projected if s.unit_id in held and abs(s.power_kw) < abs(held[s.unit_id]) - DEADBAND_KW)


def _gives(
    held: Mapping[str, float], limits: Limits, site: Site, observation: Observation, outlook: Outlook | None, memory: Memory
) -> tuple[Setpoint, ...]:
    """Return setpoints for those of `held` [kW by unit] that must give more for the peak's sake, or need to give no longer.

    They are let go only when `RELEASE_KW` less would do: a load that flickers moves nobody.
    """
    plan, over_kw = memory.plan, over_target_kw(held, limits, site, observation, outlook, memory)
    if plan is None or over_kw is None:
        return ()
    kept = dict(held)
    if over_kw <= -RELEASE_KW:
        kept |= {unit: max(power, min(plan.power_now_kw(unit), 0.0)) for unit, power in held.items() if power < 0}
    lease = lease_end(site, observation.at)
    asked = shaved(
        project(kept, urgency(plan), limits, lease, dict.fromkeys(held, "fast_loop")), limits, site, observation, outlook, memory
    )
    return tuple(s for s in asked if s.unit_id in held and _moves(s, held[s.unit_id]))


def _moves(setpoint: Setpoint, held_kw: float) -> bool:
    """Return whether the unit is to give more, or to draw less, for the peak's sake, or to give less."""
    gives = setpoint.why == Why.PEAK and setpoint.power_kw < held_kw - DEADBAND_KW
    return gives or held_kw + DEADBAND_KW < setpoint.power_kw <= 0.0


def _relieved(limits: Limits, held: Mapping[str, float], site: Site, observation: Observation, signals: Signals) -> Limits:
    """Return `limits` with room taken for an import that is measured above its limit, whatever its cause."""
    meter_reading = observation.site_power_kw
    imports, _ = capacities_kw(site, signals, observation.at)
    if meter_reading is None or not fresh(meter_reading, observation, site.rules) or meter_reading.value <= imports[0]:
        return limits
    over_kw = meter_reading.value - imports[0] * (1.0 - site.rules.guard_frac)
    drawn_kw = sum(max(power, 0.0) for power in held.values()) + sum(u.unconfirmed_kw for u in limits.units)
    room = limits.import_room_kw.copy()
    room[0] = min(room[0], max(drawn_kw - over_kw, 0.0))
    return replace(limits, import_room_kw=room)


def _counting(limits: Limits, stubborn: Mapping[str, float]) -> Limits:
    """Return `limits` with the draw of units that would not be lowered counted as it is."""
    units = tuple(replace(u, unconfirmed_kw=stubborn.get(u.unit_id, u.unconfirmed_kw)) for u in limits.units)
    return replace(limits, units=units)
