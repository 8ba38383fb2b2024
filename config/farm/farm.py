"""A farm on the wire against any central system: the cars of a scenario, moved to where the clock stands."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from ssl import SSLContext
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from adapters.farm.arrivals import AIRPORT, APARTMENTS, DEPOT, WORKPLACE, daily_visits
from adapters.farm.live import LiveFarm
from adapters.farm.mischief import early_departures
from adapters.farm.supercharging import SUPERCHARGING, passing_visits
from adapters.farm.surroundings import StepSeries
from adapters.farm.visit import Visit
from config.demo.driver_app import driver_app
from config.farm.file import FarmFile
from config.site.build import build_site
from config.site.file import MqttTlsFile
from config.station.broker import broker_of, tls_context
from v2g.ports import Clock
from v2g.session import Wishes
from v2g.site import Site

HABITS = {"workplace": WORKPLACE, "apartments": APARTMENTS, "depot": DEPOT, "airport": AIRPORT}
WORKING_DAY = datetime(2026, 6, 17)  # noqa: DTZ001  # the site's zone is added
LEAD_DAYS = 3
"""Cars that came so long before the start may still be there: at an airport they stay for days."""


def farm_visits(file: FarmFile, site: Site, now: datetime) -> tuple[Visit, ...]:
    """Return the visits of the scenario, whose start is moved to `now`; cars that came before and still stay are there at once."""
    start = WORKING_DAY.replace(tzinfo=ZoneInfo(site.time_zone)) + timedelta(hours=file.start_h)
    since, days = start - timedelta(days=LEAD_DAYS), file.days + LEAD_DAYS
    if file.habit == "supercharging":
        visits = passing_visits(site, SUPERCHARGING, start=since, days=days, seed=file.seed, v2g_share=file.v2g_share)
    else:
        visits = daily_visits(site, HABITS[file.habit], start=since, days=days, seed=file.seed, v2g_share=file.v2g_share)
    early = early_departures(visits, share=file.leave_early_share, seed=file.seed)
    return tuple(_moved(visit, now - start) for visit in early if visit.leaves_at > start)


def farm_tls(ca: Path | None, certificates: Path | None) -> Callable[[str], SSLContext | None]:
    """Return the TLS of each station: trust in `ca`, and of `certificates` the station's own STATION.crt and STATION.key.

    Raises `SiteError`, at once or for a station, if a file cannot be used.
    """
    trust = None if ca is None else str(ca)
    if certificates is None:
        shared = tls_context(MqttTlsFile(ca=trust), place="--ca")
        return lambda _station_id: shared

    def own(station_id: str) -> SSLContext:
        pair = {"certificate": str(certificates / f"{station_id}.crt"), "key": str(certificates / f"{station_id}.key")}
        return tls_context(MqttTlsFile(ca=trust, **pair), place="--certificates")

    return own


@asynccontextmanager
async def running_farm(
    file: FarmFile,
    clock: Clock,
    *,
    url: str,
    api_url: str | None = None,
    api_token: str | None = None,
    passwords: Mapping[str, str] | None = None,
    tls: Callable[[str], SSLContext | None] = lambda _station_id: None,
) -> AsyncIterator[LiveFarm]:
    """Run the farm against the central system at `url` while the context lasts; drivers speak through the REST API, if given."""
    site = build_site(file.site)
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(_api(api_url, api_token)) if api_url else None
        nothing = StepSeries.constant(0.0, clock.now())
        farm = LiveFarm(
            site,
            farm_visits(file, site, clock.now()),
            load_kw=nothing,
            pv_kw=nothing,
            clock=clock,
            ocpp_url=url,
            broker=broker_of(file.site.mqtt) if file.site.mqtt else None,
            tell_wishes=driver_app(client) if client else _unheard,
            ocpp_passwords=passwords,
            ocpp_tls=tls,
            sample_s=file.sample_s,
            faults=file.mischief,
            seed=file.seed,
        )
        yield await stack.enter_async_context(farm)


def _api(url: str, token: str | None) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {token}"} if token else None)


def farm_figures(farm: LiveFarm) -> dict[str, Any]:
    """Return what became of the farm's cars."""
    outcome = farm.outcome()
    return {
        "stations_online": farm.online,
        "cars_here": sum(not visit.finished for visit in outcome.visits),
        "cars_left": len(outcome.finished),
        "delivered_frac": outcome.delivered_frac,
        "energy_charged_kwh": outcome.energy_charged_kwh,
        "energy_discharged_kwh": outcome.energy_discharged_kwh,
        "max_import_kw": float(outcome.import_kw.max(initial=0.0)),
        "simulated_h": (outcome.end - outcome.start).total_seconds() / 3600,
    }


def _moved(visit: Visit, by: timedelta) -> Visit:
    stated = visit.stated_departure
    return replace(
        visit,
        arrives_at=visit.arrives_at + by,
        leaves_at=visit.leaves_at + by,
        stated_departure=stated + by if stated else None,
    )


async def _unheard(evse_id: str, wishes: Wishes) -> bool:
    """Tell nobody."""
    del evse_id, wishes
    return True
