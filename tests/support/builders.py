"""Small stations, observations and outlooks for tests."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from v2g.observation import EvseState, Observation, Reading
from v2g.outlook import LEVELS, Outlook
from v2g.session import ChargingSession, Vehicle, Wishes
from v2g.site import Circuit, Evse, Horizon, Protocol, Rules, Site, Tariff, UncontrolledLoad
from v2g.timegrid import Array, TimeGrid

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def a_site(n: int = 3, *, limit_kw: float = 50.0, export_kw: float = 20.0, **changes: Any) -> Site:
    """Return a station of `n` bidirectional 11 kW outlets below one hall circuit."""
    evse = Evse(
        evse_id="E0",
        station_id="E0",
        protocol=Protocol.MQTT,
        circuit_id="hall",
        charge_max_kw=11,
        discharge_max_kw=11,
        charge_min_kw=4.14,
    )
    site = Site(
        site_id="test",
        name="Test",
        time_zone="Asia/Shanghai",
        currency="CNY",
        circuits=(
            Circuit(circuit_id="grid", import_limit_kw=limit_kw, export_limit_kw=export_kw),
            Circuit(circuit_id="hall", parent_id="grid", phase_limit_a=100.0),
        ),
        evses=tuple(replace(evse, evse_id=f"E{i}", station_id=f"E{i}") for i in range(n)),
        tariff=Tariff(base_price_per_kwh=0.5, export_share=0.9),
        loads=(UncontrolledLoad(circuit_id="grid", base_kw=5, peak_kw=20),),
        rules=Rules(guard_frac=0.0),
        horizon=Horizon(n_fine=8, n_coarse=6),
    )
    return replace(site, **changes)


def a_session(evse_id: str, *, soc_frac: float | None = 0.5, consent: bool = True, **wishes: Any) -> ChargingSession:
    """Return a 60 kWh car at `evse_id` that wants 80 % by 17:00 unless told otherwise."""
    asked = {"soc_target_frac": 0.8, "departure": NOW + timedelta(hours=9), **wishes}
    return ChargingSession(
        session_id=f"S-{evse_id}",
        evse_id=evse_id,
        plugged_in_at=NOW - timedelta(hours=1),
        wishes=Wishes(discharge_consent=consent, **asked),
        vehicle=Vehicle(capacity_kwh=60.0, charge_max_kw=11.0, discharge_max_kw=11.0),
        soc_frac=soc_frac,
        soc_at=NOW,
    )


def an_observation(
    site: Site, *, load_kw: float | None = 10.0, at: datetime = NOW, **sessions: ChargingSession | None
) -> Observation:
    """Return `site` with all outlets online, confirmed at 0 kW, and a car at each unless `sessions` says otherwise."""
    states = tuple(
        EvseState(
            evse_id=e.evse_id,
            online=True,
            session=sessions.get(e.evse_id, a_session(e.evse_id)),
            power_kw=Reading(value=0.0, at=at),
            acknowledged_kw=0.0,
            lease_until=at + timedelta(seconds=900),
        )
        for e in site.evses
    )
    load = None if load_kw is None else Reading(value=load_kw, at=at)
    return Observation(at=at, evses=states, load_kw=load, site_power_kw=load)


def an_outlook(
    site: Site, *, load_kw: float = 10.0, spread_kw: float = 0.0, price: Array | None = None, at: datetime = NOW
) -> Outlook:
    """Return a flat outlook; the load's quantiles lie evenly within ± `spread_kw`."""
    h = site.horizon
    grid = TimeGrid.fine_then_coarse(at, fine_h=h.fine_h, n_fine=h.n_fine, coarse_h=h.coarse_h, n_coarse=h.n_coarse)
    load = load_kw + spread_kw * (2 * np.array(LEVELS) - 1)[:, None] * np.ones(grid.n_steps)
    prices = np.full(grid.n_steps, 0.5) if price is None else price
    return Outlook(
        grid=grid,
        load_kw=load,
        pv_kw=np.zeros_like(load),
        import_price_per_kwh=prices,
        export_price_per_kwh=0.9 * prices,
    )
