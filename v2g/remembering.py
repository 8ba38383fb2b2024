"""What one tick hands to the next."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from v2g.conduct import told_again, watch
from v2g.driver import knows_charge, stored_energy_kwh
from v2g.ledger import count
from v2g.observation import Observation, Quality, Reading
from v2g.plan import Plan
from v2g.record import Memory, QuarterHour
from v2g.setpoint import Applied, DispatchReport, Setpoint
from v2g.site import Site
from v2g.waking import watch_sleep, woken

QUARTER_S = 900.0
WHOLE_SHARE = 0.8
"""A quarter-hour counts towards the peak if at least this share of it was measured."""


def arrive(memory: Memory, observation: Observation, site: Site) -> Memory:
    """Return `memory` with each session's stored energy at plug-in, from when the car's charge is first known.

    Sessions that ended, and those whose charge is unknown, are forgotten.
    """
    evses = {e.evse_id: e for e in site.evses}
    arrivals = {}
    for state in observation.evses:
        session = state.session
        if session is None or not knows_charge(session):
            continue
        evse = evses[session.evse_id]
        added = session.charged_kwh * evse.efficiency - session.discharged_kwh / evse.efficiency
        first_seen = stored_energy_kwh(session, evse) - added
        arrivals[session.session_id] = memory.arrival_kwh.get(session.session_id, first_seen)
    return replace(memory, arrival_kwh=arrivals)


def look(memory: Memory, observation: Observation, site: Site) -> Memory:
    """Return `memory` with the meters read: the site's for the peak, the cars' for what they gave, how they obey and sleep."""
    ledger, conducts = count(memory.ledger, observation, site), watch(memory.conducts, observation)
    rests = watch_sleep(memory.rests, observation, site)
    return replace(meter(memory, observation, site), ledger=ledger, conducts=conducts, rests=rests)


def meter(memory: Memory, observation: Observation, site: Site) -> Memory:
    """Return `memory` with the import since the last look counted towards the billing peak.

    Between two looks the power is taken to stay what it was after the first, with what was sent then: loads jump where
    quarter-hours meet, and half a jump in the wrong one would be taken for a peak; and what it was before, where a reading cannot
    be believed. A quarter-hour's mean counts once it has ended; a new month starts from 0.
    """
    now = observation.at
    month = now.astimezone(ZoneInfo(site.time_zone)).strftime("%Y-%m")
    peak = memory.peak_so_far_kw if month == memory.month else 0.0
    quarter = memory.quarter
    power = _flows_kw(observation.site_power_kw, quarter)
    if quarter.last_at is not None and quarter.last_at < now:
        quarter, peak = _advance(quarter, now, quarter.last_kw, peak)
    return replace(memory, peak_so_far_kw=peak, month=month, quarter=replace(quarter, last_at=now, last_kw=power))


def _flows_kw(reading: Reading | None, quarter: QuarterHour) -> float:
    if reading is None:
        return 0.0
    return quarter.last_kw if reading.quality is Quality.SUSPECT else max(reading.value, 0.0)


def _advance(quarter: QuarterHour, now: datetime, mean_kw: float, peak_kw: float) -> tuple[QuarterHour, float]:
    last_s, now_s = (quarter.last_at or now).timestamp(), now.timestamp()
    end_s = (last_s // QUARTER_S + 1) * QUARTER_S
    if now_s < end_s:
        span_s = now_s - last_s
        return replace(quarter, seen_s=quarter.seen_s + span_s, energy_kws=quarter.energy_kws + span_s * mean_kw), peak_kw
    seen_s, energy_kws = quarter.seen_s + end_s - last_s, quarter.energy_kws + (end_s - last_s) * mean_kw
    if seen_s >= WHOLE_SHARE * QUARTER_S:
        peak_kw = max(peak_kw, energy_kws / seen_s)
    tail_s = now_s % QUARTER_S
    return replace(quarter, seen_s=tail_s, energy_kws=tail_s * mean_kw), peak_kw


def decided(memory: Memory, plan: Plan, setpoints: tuple[Setpoint, ...], now: datetime) -> Memory:
    """Return `memory` with this tick's plan and the direction in which each unit was last sent."""
    present = {s.unit_id for s in setpoints}
    kept = {unit: value for unit, value in memory.directions.items() if unit in present}
    return turned(replace(memory, tick=memory.tick + 1, plan=plan, directions=kept), setpoints, now)


def turned(memory: Memory, setpoints: Iterable[Setpoint], now: datetime) -> Memory:
    """Return `memory` with the units that `setpoints` turn around; who goes on as before has not turned."""
    signs = {s.unit_id: 1 if s.power_kw > 0 else -1 for s in setpoints if s.power_kw != 0}
    anew = {
        unit: (now, sign) for unit, sign in signs.items() if unit not in memory.directions or memory.directions[unit][1] != sign
    }
    return replace(memory, directions=memory.directions | anew)


def sent(memory: Memory, report: DispatchReport, held_kw: Mapping[str, float | None], now: datetime) -> Memory:
    """Return `memory` with what flows from `now` on: the last reading, and what was applied against what was `held_kw` before."""
    applied = [o.setpoint for o in report.outcomes if isinstance(o, Applied)]
    more_kw = sum(s.power_kw - (held_kw.get(s.unit_id) or 0.0) for s in applied)
    quarter = replace(memory.quarter, last_kw=max(memory.quarter.last_kw + more_kw, 0.0))
    conducts, rests = told_again(memory.conducts, report.outcomes, now), woken(memory.rests, report.outcomes, now)
    return replace(memory, quarter=quarter, conducts=conducts, rests=rests)
