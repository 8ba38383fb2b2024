"""The demo: a station and a farm of simulated chargers on an accelerated clock, all protocols real, on this machine only."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import as_file, files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from adapters.clock import AcceleratedClock
from adapters.farm.arrivals import demo_visits
from adapters.farm.live import LiveFarm
from adapters.farm.surroundings import StepSeries
from adapters.farm.uncontrolled import uncontrolled
from adapters.farm.visit import Visit
from adapters.mqtt.broker import EmbeddedBroker
from adapters.mqtt_client import Broker
from config.demo.driver_app import driver_app
from config.demo.fleet import grown
from config.live import LiveDaemon, running
from config.simulation.asset_kpis import asset_kpis
from config.simulation.kpis import outcome_kpis
from config.simulation.prices import price_series
from config.simulation.surroundings import building_load, pv_production
from config.site.load import LoadedSite, load_site
from config.station.broker import VERSIONS
from v2g.observation import EvseState
from v2g.setpoint import Outcome, Setpoint, Unreachable

START_LOCAL = datetime(2026, 6, 17, 15, 0)  # noqa: DTZ001  # the site's zone is added; a working day's afternoon peak
HOURS_H = 72.0
WORST_CASE_EFFICIENCY = 0.9
"""Energy still owed is priced as if charged at this efficiency, so that putting charging off never looks like a saving."""
_VERSION_NAMES = {version: name for name, version in VERSIONS.items()}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Demo:
    """A running demo: the station, and the farm with its truth."""

    loaded: LoadedSite
    clock: AcceleratedClock
    start: datetime
    broker: EmbeddedBroker
    daemon: LiveDaemon
    farm: LiveFarm
    visits: tuple[Visit, ...]
    load_kw: StepSeries
    pv_kw: StepSeries

    def figures(self) -> dict[str, Any]:
        """Return the key figures so far: the farm's truth, the daemon's counts, and the same cars uncontrolled."""
        site, outcome, control = self.loaded.site, self.farm.outcome(), self.daemon.control
        reference = uncontrolled(site, self.visits, start=self.start, end=outcome.end, load_kw=self.load_kw, pv_kw=self.pv_kw)
        prices = price_series(site, self.daemon.station.signals(), self.start, outcome.end)
        own, other = outcome_kpis(outcome, prices), outcome_kpis(reference, prices)
        owed_kwh = max(other["net_delivered_kwh"] - own["net_delivered_kwh"], 0.0)
        outcomes = control.outcomes
        return {
            "chargers": dict(Counter(str(e.protocol) for e in site.evses)),
            "setpoints_sent": outcomes.total(),
            "setpoints_acknowledged": outcomes["Applied"],
            "setpoints_not_acknowledged": outcomes.total() - outcomes["Applied"],
            **own,
            **asset_kpis(outcome, site),
            "import_limit_kw": site.circuits[0].import_limit_kw,
            "cost_uncontrolled": other["cost"],
            "energy_put_off_kwh": owed_kwh,
            "cost_with_energy_put_off": own["cost"] + owed_kwh / WORST_CASE_EFFICIENCY * self._price_ahead(),
            "rungs": {str(rung): n for rung, n in control.rungs.items()},
            "planner": control.latest.plan.planner if control.latest else None,
            "gap_frac": control.latest.plan.gap_frac if control.latest else None,
            "ticks": sum(control.rungs.values()),
            "simulated_h": (outcome.end - self.start).total_seconds() / 3600,
            "currency": site.currency,
        }

    def _price_ahead(self) -> float:
        """Return the mean import price over the plan's horizon."""
        latest = self.daemon.control.latest
        return float(latest.plan.import_price_per_kwh.mean()) if latest else self.loaded.site.tariff.base_price_per_kwh


@asynccontextmanager
async def running_demo(
    *, speed: float, seed: int = 1, site_path: Path | None = None, web_port: int | None = None, cars: int | None = None
) -> AsyncIterator[Demo]:
    """Run the demo while the context lasts, with as many outlets as `cars` where that is given; its database is temporary.

    Raises `UnavailableError` if a port or a broker cannot be had.
    """
    with TemporaryDirectory(prefix="v2g-demo-") as folder:
        loaded = _demo_site(site_path) if cars is None else grown(_demo_site(site_path), cars)
        start = START_LOCAL.replace(tzinfo=ZoneInfo(loaded.site.time_zone))
        clock = AcceleratedClock(start, speed)
        async with EmbeddedBroker() as broker:
            wired = _wired(loaded, broker, f"sqlite:///{folder}/demo.sqlite", web_port)
            simulated = _Simulated()
            async with (
                running(wired, clock, speed=speed, simulated=simulated) as daemon,
                httpx.AsyncClient(base_url=daemon.web_url) as client,
            ):
                start = clock.now()
                load_kw = building_load(loaded.site, start, hours_h=HOURS_H, seed=seed)
                pv_kw = pv_production(loaded.site, start, hours_h=HOURS_H, seed=seed)
                visits = demo_visits(loaded.site, start=start, hours_h=HOURS_H, seed=seed)
                farm = LiveFarm(
                    loaded.site,
                    visits,
                    load_kw=load_kw,
                    pv_kw=pv_kw,
                    clock=clock,
                    ocpp_url=daemon.ocpp_url,
                    broker=Broker(host=broker.host, port=broker.port, version=broker.version),
                    tell_wishes=driver_app(client),
                    on_change=daemon.control.wake,
                )
                simulated.farm = farm
                async with farm:
                    yield Demo(
                        loaded=wired,
                        clock=clock,
                        start=start,
                        broker=broker,
                        daemon=daemon,
                        farm=farm,
                        visits=visits,
                        load_kw=load_kw,
                        pv_kw=pv_kw,
                    )


class _Simulated:
    """The farm's chargers without a wire, from when there is a farm; fills `v2g.ports.Chargers`."""

    def __init__(self) -> None:
        self.farm: LiveFarm | None = None

    def states(self, now: datetime) -> tuple[EvseState, ...]:
        """Return every outlet."""
        return self.farm.wireless.states(now) if self.farm else ()

    async def apply(self, setpoints: Sequence[Setpoint]) -> tuple[Outcome, ...]:
        """Put setpoints in force."""
        return await self.farm.wireless.apply(setpoints) if self.farm else tuple(Unreachable(setpoint=s) for s in setpoints)


def _demo_site(path: Path | None) -> LoadedSite:
    if path is not None:
        return load_site(path)
    with as_file(files("config") / "sites" / "demo.yaml") as packaged:
        return load_site(packaged)


def _wired(loaded: LoadedSite, broker: EmbeddedBroker, store_url: str, web_port: int | None) -> LoadedSite:
    """Return `loaded` with the demo's broker, database and page address."""
    file = loaded.file
    changes: dict[str, Any] = {"store": file.store.model_copy(update={"url": store_url})}
    if file.mqtt:
        changes["mqtt"] = file.mqtt.model_copy(
            update={"host": broker.host, "port": broker.port, "version": _VERSION_NAMES[broker.version]}
        )
    if web_port is not None:
        changes["web"] = file.web.model_copy(update={"port": web_port})
    return LoadedSite(site=loaded.site, file=file.model_copy(update=changes))
