"""The campaign's station: 24 chargers of three versions of OCPP on a feeder tree with phases, beside a load nobody controls."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from adapters.farm.arrivals import APARTMENTS, WORKPLACE, daily_visits
from adapters.farm.mischief import early_departures
from adapters.farm.surroundings import StepSeries
from adapters.farm.visit import Visit
from config.simulation.surroundings import pv_production
from v2g.site import Circuit, Evse, Horizon, Protocol, PvArray, Rules, Site, Tariff, TariffPeriod, UncontrolledLoad

ZONE = "Europe/Berlin"
DAYS = (
    datetime(2026, 3, 29),  # noqa: DTZ001  # the zone is added; the day of 23 hours
    datetime(2026, 10, 25),  # noqa: DTZ001  # the day of 25
    *(datetime(2026, 6, day) for day in (8, 10, 13, 14)),  # noqa: DTZ001
)
BASE_KW, PEAK_KW = 10.0, 70.0
LOAD_STEP_S = 300.0
EACH = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often things happen [s]: ticks, and at most those that cars bring forward, looks, meter values, steps of the physics."""

    tick_s: float
    event_s: float
    fast_s: float
    sample_s: float
    step_s: float


CLOSE = Pace(tick_s=900.0, event_s=450.0, fast_s=30.0, sample_s=300.0, step_s=30.0)
BRISK = Pace(tick_s=1800.0, event_s=900.0, fast_s=90.0, sample_s=900.0, step_s=60.0)
BROAD = Pace(tick_s=3600.0, event_s=3600.0, fast_s=300.0, sample_s=1800.0, step_s=150.0)
"""As much goes wrong. A day BRISK takes three times as long as one BROAD, a day CLOSE fifteen times."""


def station(pace: Pace) -> Site:
    """Return the site: 1.6 on single phases, 2.0.1 on three, 2.1 with discharge."""
    return Site(
        site_id="campaign",
        name="Campaign",
        time_zone=ZONE,
        currency="EUR",
        country="DE",
        circuits=(
            Circuit(circuit_id="grid", import_limit_kw=110.0, export_limit_kw=15.0, phase_limit_a=190.0),
            Circuit(circuit_id="A", parent_id="grid", import_limit_kw=30.0, export_limit_kw=30.0, phase_limit_a=50.0),
            Circuit(circuit_id="B", parent_id="grid", import_limit_kw=40.0, export_limit_kw=40.0, phase_limit_a=63.0),
            Circuit(circuit_id="C", parent_id="grid", import_limit_kw=70.0, export_limit_kw=18.0, phase_limit_a=125.0),
        ),
        evses=(
            *(_outlet("A", i, Protocol.OCPP16, kw=7.4, least_kw=1.38, phases=(i % 3 + 1,)) for i in range(EACH)),
            *(_outlet("B", i, Protocol.OCPP201, kw=11.0, least_kw=4.14, fallback_kw=4.2 if i < 2 else 0.0) for i in range(EACH)),
            *(_outlet("C", i, Protocol.OCPP21, kw=22.0, gives_kw=22.0) for i in range(EACH)),
        ),
        tariff=Tariff(
            base_price_per_kwh=0.20,
            periods=(
                TariffPeriod(start_h=0.0, end_h=6.0, price_per_kwh=0.08),
                TariffPeriod(start_h=17.0, end_h=21.0, price_per_kwh=0.45),
            ),
            export_share=0.9,
        ),
        pv=(PvArray(pv_id="roof", circuit_id="grid", peak_kw=40.0, latitude_deg=52.5, longitude_deg=13.4),),
        loads=(UncontrolledLoad(circuit_id="grid", base_kw=BASE_KW, peak_kw=PEAK_KW),),
        rules=Rules(lease_s=2.0 * pace.tick_s, stale_after_s=3.0 * pace.fast_s),
        horizon=Horizon(
            fine_h=0.25, n_fine=4, coarse_h=2.0, n_coarse=4, tick_s=pace.tick_s, fast_s=pace.fast_s, event_s=pace.event_s
        ),
    )


def midnight(day: datetime) -> datetime:
    """Return the day's first instant."""
    return day.replace(tzinfo=ZoneInfo(ZONE)).astimezone(ZoneInfo("UTC"))


def cars(site: Site, start: datetime, seed: int) -> tuple[Visit, ...]:
    """Return who comes, of whom some gave consent to discharge, and some leave before they said."""
    habit = replace((WORKPLACE, APARTMENTS)[seed % 2], workday=0.9, weekend=0.9)
    visits = daily_visits(site, habit, start=start - timedelta(days=1), days=2, seed=seed, v2g_share=0.8, consent_share=0.6)
    return early_departures(visits, share=0.2, seed=seed)


def load(start: datetime, hours_h: float, seed: int) -> StepSeries:
    """Return a load that wanders and jumps between its bounds [kW]."""
    rng = np.random.default_rng(seed)
    n = int(hours_h * 3600 / LOAD_STEP_S) + 1
    moves = rng.normal(0.0, 2.0, n) + np.where(rng.random(n) < 0.02, rng.uniform(-50.0, 50.0, n), 0.0)
    walk = np.empty(n)
    level_kw = rng.uniform(BASE_KW, PEAK_KW)
    for i, move_kw in enumerate(moves):
        walk[i] = level_kw = min(max(level_kw + move_kw, BASE_KW), PEAK_KW)
    return StepSeries(start=start, step_s=LOAD_STEP_S, values=walk)


def sun(site: Site, start: datetime, hours_h: float, seed: int) -> StepSeries:
    """Return what the roof produces [kW]."""
    return pv_production(site, start, hours_h=hours_h, seed=seed)


def _outlet(
    feeder: str,
    i: int,
    protocol: Protocol,
    *,
    kw: float,
    least_kw: float = 0.0,
    gives_kw: float = 0.0,
    fallback_kw: float = 0.0,
    phases: tuple[int, ...] = (1, 2, 3),
) -> Evse:
    return Evse(
        evse_id=f"{feeder}{i + 1}",
        station_id=f"{feeder}{i + 1}",
        protocol=protocol,
        circuit_id=feeder,
        charge_max_kw=kw,
        charge_min_kw=least_kw,
        discharge_max_kw=gives_kw,
        phases=phases,
        fallback_kw=fallback_kw,
    )
