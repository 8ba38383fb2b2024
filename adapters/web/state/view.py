"""The station now, as the API tells it."""

from collections.abc import Iterable
from datetime import datetime

from adapters.web.figures import limit, tidy
from adapters.web.state.assets import asset_views, battery_views
from adapters.web.state.decided import Decided
from adapters.web.state.models import (
    AlarmModel,
    EvseModel,
    ForecastModel,
    HealthModel,
    PartModel,
    SessionModel,
    StateModel,
    TickModel,
)
from adapters.web.state.readings import reading_view
from adapters.web.steering.overrides import override_view
from v2g.alarm import Alarm
from v2g.driver import soc_floor_frac
from v2g.limits import capacities_kw
from v2g.observation import EvseState, Observation
from v2g.ports import Station
from v2g.record import TickRecord
from v2g.session import ChargingSession
from v2g.signals import SignalKind, Signals, value_at
from v2g.site import Rules, Site
from v2g.station import Health, assets_kw
from v2g.why import Why


def state_view(station: Station, speed: float | None, decided: Decided) -> StateModel:
    """Return everything about the present; `decided` is what the last tick did."""
    now, observation, record, signals = station.now(), station.observation(), decided.record, station.signals()
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
        asset_kw=tidy(assets_kw(observation)),
        import_limit_kw=limit(imports_kw[0]),
        export_limit_kw=limit(exports_kw[0]),
        import_price_per_kwh=_price_now(record, signals, now),
        tick=_tick_view(record) if record else None,
        health=health_view(health),
        alarms=alarm_views((*health.alarms, *(record.alarms if record else ()))),
        evses=[_evse_view(state, station.site.rules, decided, now) for state in observation.evses],
        batteries=battery_views(observation, decided, now),
        assets=asset_views(station.site, observation, decided, now),
    )


def evse_views(site: Site, observation: Observation, record: TickRecord | None, now: datetime) -> list[EvseModel]:
    """Return every outlet, with what the last tick decided for it."""
    decided = Decided(record, site)
    return [_evse_view(state, site.rules, decided, now) for state in observation.evses]


def health_view(health: Health) -> HealthModel:
    """Return the daemon's health."""
    return HealthModel(
        alive=health.alive,
        ready=health.ready,
        at=health.at,
        last_tick_at=health.last_tick_at,
        parts=[PartModel(name=p.name, condition=p.condition, detail=p.detail, detail_zh=p.detail_zh) for p in health.parts],
        alarms=alarm_views(health.alarms),
        forecasts=[
            ForecastModel(signal=s.signal, n=s.n, coverage80=s.coverage80, skill=s.skill, model_in_use=s.model_in_use)
            for s in health.forecasts
        ],
    )


def alarm_views(alarms: Iterable[Alarm]) -> list[AlarmModel]:
    """Return the alarms, each once."""
    return [AlarmModel(code=a.code, unit_id=a.unit_id, detail=a.detail) for a in dict.fromkeys(alarms)]


def _evse_view(state: EvseState, rules: Rules, decided: Decided, now: datetime) -> EvseModel:
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
        reason=decided.reason(state.evse_id) if state.session else None,
        session=_session_view(state.session, rules, decided) if state.session else None,
        override=override_view(state.override) if state.override else None,
    )


def _session_view(session: ChargingSession, rules: Rules, decided: Decided) -> SessionModel:
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


def _tick_view(record: TickRecord) -> TickModel:
    plan = record.plan
    return TickModel(
        tick=record.tick,
        at=record.at,
        rung=plan.rung,
        reason=plan.reason,
        gap_frac=plan.gap_frac,
        planner=plan.planner,
        solve_s=tidy(plan.solve_s),
    )


def _price_now(record: TickRecord | None, signals: Signals, now: datetime) -> float | None:
    published = value_at(signals, SignalKind.PRICE, now)
    if published is not None or record is None:
        return published
    step = min(record.plan.grid.whole_steps_until(now), record.plan.grid.n_steps - 1)
    return float(record.plan.import_price_per_kwh[step])
