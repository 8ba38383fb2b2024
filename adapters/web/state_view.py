"""The station now, as the API tells it."""

import math
from collections.abc import Iterable
from datetime import datetime
from typing import Literal

import numpy as np

from adapters.web.explanation_view import words_view
from adapters.web.models import (
    AlarmModel,
    AssetModel,
    BatteryModel,
    EvseModel,
    HealthModel,
    PartModel,
    PromiseModel,
    ReadingModel,
    SessionModel,
    StateModel,
    TickModel,
    WordsModel,
)
from v2g.alarm import Alarm
from v2g.driver import soc_floor_frac
from v2g.guarantee import reached_probability
from v2g.limits import capacities_kw
from v2g.observation import EvseState, Observation, Reading
from v2g.ports import Station
from v2g.record import TickRecord
from v2g.session import ChargingSession
from v2g.setpoint import Applied, Outcome, Rejected, TimedOut, Unreachable
from v2g.signals import SignalKind, Signals, value_at
from v2g.site import Rules, Site
from v2g.station import Health
from v2g.storages import StorageKind
from v2g.why import Why

READY_WITHIN_KWH = 0.1
"""What a target may lack and still count as reached."""

OutcomeName = Literal["applied", "rejected", "timed_out", "unreachable", "withheld"]
OUTCOME_NAMES: dict[type[Outcome], OutcomeName] = {
    Applied: "applied",
    Rejected: "rejected",
    TimedOut: "timed_out",
    Unreachable: "unreachable",
}


def state_view(station: Station, speed: float | None) -> StateModel:
    """Return everything about the present."""
    now, observation, record, signals = station.now(), station.observation(), station.latest(), station.signals()
    imports_kw, exports_kw = capacities_kw(station.site, signals, now)
    powers_kw = [state.power_kw.value for state in observation.evses if state.power_kw]
    health = station.health()
    return StateModel(
        now=now,
        speed=speed,
        observed_at=observation.at,
        site_power_kw=reading_view(observation.site_power_kw, now),
        load_kw=reading_view(observation.load_kw, now),
        pv_kw=reading_view(observation.pv_kw, now),
        charge_kw=tidy(sum(max(kw, 0.0) for kw in powers_kw)),
        discharge_kw=tidy(sum(max(-kw, 0.0) for kw in powers_kw)),
        battery_kw=tidy(sum(b.power_kw.value for b in observation.batteries if b.power_kw)),
        import_limit_kw=limit(imports_kw[0]),
        export_limit_kw=limit(exports_kw[0]),
        import_price_per_kwh=_price_now(record, signals, now),
        tick=_tick_view(record) if record else None,
        health=health_view(health),
        alarms=alarm_views((*health.alarms, *(record.alarms if record else ()))),
        evses=evse_views(station.site, observation, record, now),
        batteries=_battery_views(observation, now),
        assets=_asset_views(station.site, observation, record, now),
    )


def evse_views(site: Site, observation: Observation, record: TickRecord | None, now: datetime) -> list[EvseModel]:
    """Return every outlet, with what the last tick decided for it."""
    decided = _Decided(record, site)
    return [_evse_view(state, site.rules, decided, now) for state in observation.evses]


def health_view(health: Health) -> HealthModel:
    """Return the daemon's health."""
    return HealthModel(
        alive=health.alive,
        ready=health.ready,
        at=health.at,
        last_tick_at=health.last_tick_at,
        parts=[PartModel(name=part.name, condition=part.condition, detail=part.detail) for part in health.parts],
        alarms=alarm_views(health.alarms),
    )


def alarm_views(alarms: Iterable[Alarm]) -> list[AlarmModel]:
    """Return the alarms, each once."""
    return [AlarmModel(code=a.code, unit_id=a.unit_id, detail=a.detail) for a in dict.fromkeys(alarms)]


def reading_view(reading: Reading | None, now: datetime) -> ReadingModel | None:
    """Return a measured value with its age."""
    if reading is None:
        return None
    age_s = tidy(max(reading.age_s(now), 0.0))
    return ReadingModel(value=tidy(reading.value), at=reading.at, age_s=age_s, quality=reading.quality)


def tidy(value: float) -> float:
    """Return `value` to three decimals: a watt, a gram of CO₂, a tenth of a cent."""
    return round(float(value), 3) + 0.0


def limit(value: float) -> float | None:
    """Return a limit, None where there is none."""
    return tidy(value) if math.isfinite(value) else None


class _Decided:
    """What the last tick decided, by unit."""

    def __init__(self, record: TickRecord | None, site: Site) -> None:
        self.record, self.reasons = record, dict[str, WordsModel]()
        if record is None:
            self.setpoints, self.outcomes, self.why, self.row = {}, {}, {}, {}
            return
        self.setpoints = {setpoint.unit_id: setpoint for setpoint in record.setpoints}
        self.outcomes = {outcome.setpoint.unit_id: OUTCOME_NAMES[type(outcome)] for outcome in record.report.outcomes}
        self.outcomes |= dict.fromkeys((setpoint.unit_id for setpoint in record.report.withheld), "withheld")
        self.why = dict(zip(record.plan.unit_ids, record.plan.why, strict=True))
        self.reasons = {e.unit_id: words_view(e, record.plan, site) for e in record.plan.explanations}
        self.row = {unit_id: row for row, unit_id in enumerate(record.problem.storages.unit_ids)}

    def promise(self, unit_id: str) -> PromiseModel | None:
        """Return what the plan holds for a unit's driver, None where nothing was promised."""
        if self.record is None or unit_id not in self.row:
            return None
        row, grid, storages = self.row[unit_id], self.record.problem.grid, self.record.problem.storages
        due_step = int(storages.target_step[row])
        if due_step == 0:
            return None
        target_kwh, energy_kwh = float(storages.target_energy_kwh[row]), self.record.plan.energy_kwh[row, :due_step]
        reached = np.flatnonzero(energy_kwh >= target_kwh - READY_WITHIN_KWH)
        ends = (*grid.starts[1:], grid.end)
        return PromiseModel(
            target_kwh=tidy(target_kwh),
            planned_kwh=tidy(energy_kwh[-1]),
            shortfall_kwh=tidy(max(target_kwh - energy_kwh[-1], 0.0)),
            due_at=ends[due_step - 1],
            ready_at=ends[reached[0]] if len(reached) else None,
            probability=self._probability(self.record, unit_id, row),
        )

    def _probability(self, record: TickRecord, unit_id: str, row: int) -> float | None:
        """Return how likely the car has its target when it leaves."""
        session_id = next((s.session.session_id for s in record.observation.evses if s.evse_id == unit_id and s.session), "")
        departure = next((d for d in record.outlook.departures if d.session_id == session_id), None)
        if departure is None:
            return None
        s = record.problem.storages
        likely = reached_probability(
            record.problem.grid,
            record.plan.energy_kwh[row],
            initial_kwh=float(s.initial_energy_kwh[row]),
            target_kwh=float(s.target_energy_kwh[row]) - READY_WITHIN_KWH,
            departure=departure,
        )
        return tidy(likely)


def _evse_view(state: EvseState, rules: Rules, decided: _Decided, now: datetime) -> EvseModel:
    setpoint = decided.setpoints.get(state.evse_id)
    return EvseModel(
        evse_id=state.evse_id,
        online=state.online,
        fault=state.fault,
        power_kw=reading_view(state.power_kw, now),
        setpoint_kw=tidy(setpoint.power_kw) if setpoint else None,
        acknowledged_kw=None if state.acknowledged_kw is None else tidy(state.acknowledged_kw),
        outcome=decided.outcomes.get(state.evse_id),
        bound_by=list(setpoint.bound_by) if setpoint else [],
        lease_until=state.lease_until,
        why=decided.why.get(state.evse_id) if state.session else Why.AWAY,
        reason=decided.reasons.get(state.evse_id) if state.session else None,
        session=_session_view(state.session, rules, decided) if state.session else None,
    )


def _session_view(session: ChargingSession, rules: Rules, decided: _Decided) -> SessionModel:
    wishes = session.wishes
    target_frac = wishes.soc_target_frac
    if target_frac is None and wishes.energy_kwh is None and session.soc_frac is not None:
        target_frac = rules.default_target_frac
    return SessionModel(
        session_id=session.session_id,
        evse_id=session.evse_id,
        driver=session.driver,
        plugged_in_at=session.plugged_in_at,
        departure=wishes.departure,
        discharge_consent=wishes.discharge_consent,
        energy_wish_kwh=wishes.energy_kwh,
        soc_frac=None if session.soc_frac is None else tidy(session.soc_frac),
        soc_target_frac=target_frac,
        soc_floor_frac=soc_floor_frac(session, rules),
        capacity_kwh=session.vehicle.capacity_kwh,
        charged_kwh=tidy(session.charged_kwh),
        discharged_kwh=tidy(session.discharged_kwh),
        promise=decided.promise(session.evse_id),
    )


def _battery_views(observation: Observation, now: datetime) -> list[BatteryModel]:
    return [
        BatteryModel(
            battery_id=state.battery_id,
            online=state.online,
            soc_frac=tidy(state.soc_frac.value) if state.soc_frac else None,
            power_kw=reading_view(state.power_kw, now),
        )
        for state in observation.batteries
    ]


def _asset_views(site: Site, observation: Observation, record: TickRecord | None, now: datetime) -> list[AssetModel]:
    kinds = {asset.asset_id: asset.kind for asset in site.assets}
    setpoints = {setpoint.unit_id: setpoint.power_kw for setpoint in record.setpoints} if record else {}
    return [
        AssetModel(
            asset_id=state.asset_id,
            kind=kinds.get(state.asset_id, StorageKind.PV),
            online=state.online,
            fault=state.fault,
            power_kw=reading_view(state.power_kw, now),
            stored_kwh=reading_view(state.stored_kwh, now),
            possible_kw=reading_view(state.possible_kw, now),
            setpoint_kw=tidy(setpoints[state.asset_id]) if state.asset_id in setpoints else None,
            acknowledged_kw=None if state.acknowledged_kw is None else tidy(state.acknowledged_kw),
        )
        for state in observation.assets
    ]


def _tick_view(record: TickRecord) -> TickModel:
    plan = record.plan
    return TickModel(
        tick=record.tick, at=record.at, rung=plan.rung, reason=plan.reason, gap_frac=plan.gap_frac, solve_s=tidy(plan.solve_s)
    )


def _price_now(record: TickRecord | None, signals: Signals, now: datetime) -> float | None:
    published = value_at(signals, SignalKind.PRICE, now)
    if published is not None or record is None:
        return published
    step = min(record.plan.grid.whole_steps_until(now), record.plan.grid.n_steps - 1)
    return float(record.plan.import_price_per_kwh[step])
