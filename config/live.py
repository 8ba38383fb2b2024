"""A station on real protocols: everything a site file names, wired and running."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from adapters.ending import end
from adapters.mqtt.assets import MqttAssets
from adapters.mqtt.batteries import MqttBatteries
from adapters.mqtt.chargers import MqttChargers
from adapters.mqtt.link import MqttLink
from adapters.mqtt.meters import MqttMeters
from adapters.mqtt.teller import Teller
from adapters.ocpp.central import CentralSystem
from adapters.store.store import Store
from adapters.systemd import Systemd
from config.core import restored
from config.people.live_station import LiveStation
from config.people.metrics import StationMetrics
from config.people.openadr import opened_openadr
from config.people.readiness import asked_planner, keep_ready
from config.reading.secrets import pseudonyms
from config.site.access import credentials_of, tls_of
from config.site.load import LoadedSite
from config.station.broker import broker_of
from config.station.control import Control
from config.station.database import store_of
from config.station.gateway import SiteGateway
from config.station.guarding import Guards, Work
from config.station.heap import keep_small
from config.station.learning import Learning
from config.station.watch import watched
from config.web import open_web
from forecasts.daysoff import days_off
from forecasts.forecaster import SeasonalForecaster
from forecasts.process import TrainingProcess
from optimizer.process import ProcessPlanner
from v2g.ports import Chargers, Clock
from v2g.site import Protocol, Site

DRAIN_S = 15.0
"""A locked database is given up after 5 s, then all that waits is spilled."""
MEMORY_SHARE = 0.5
"""Of the machine's memory: what the solver may map."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveDaemon:
    """A running station, for the command line, the demo and drills; `first_link` is for the first admin, "" once there is one."""

    station: LiveStation
    control: Control
    planner: ProcessPlanner
    central: CentralSystem | None
    ocpp_url: str
    web_url: str
    first_link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """What the adapters are wired with: the site, its clock and that clock's speed, and what wakes the control loop."""

    loaded: LoadedSite
    clock: Clock
    speed: float
    wake: Callable[[], None]


@asynccontextmanager
async def running(
    loaded: LoadedSite, clock: Clock, *, speed: float = 1.0, simulated: Chargers | None = None
) -> AsyncIterator[LiveDaemon]:
    """Run the station while the context lasts; `speed` is that of `clock`, `simulated` speaks for simulated chargers.

    Raises `SiteError` if a secret that the file names is missing, `UnavailableError` if the database or a port cannot be
    had. An error in a part that control needs ends the context with an `ExceptionGroup`; the chargers then go on by their leases
    and fallbacks. Other parts are guarded.
    """
    site, file, wake = loaded.site, loaded.file, asyncio.Event()
    wire = Wire(loaded=loaded, clock=clock, speed=speed, wake=wake.set)
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
        store = await stack.enter_async_context(store_of(file.store, clock))
        planner = _planner(wire)
        central, link = _central(wire, store), _link(wire)
        asked, hourly = asked_planner(site.planner), asked_planner(site.planner)
        for process in (planner, asked, hourly):
            stack.push_async_callback(process.close)
        gateway = _gateway(wire, central, link, simulated)
        core = await restored(site, clock, store, gateway, planner=planner, asked=asked, hourly=hourly, wake=wake)
        station, control = core.station, core.control
        learning = _learning(wire, core.forecaster, store)
        openadr = await stack.enter_async_context(opened_openadr(file, station, store))
        learns = [lambda: learning.health] if learning else []
        guards = Guards()
        core.attend((*watched(site, station, link, central, store, control), guards.part, *learns, *openadr.watch))
        ocpp_url = (await stack.enter_async_context(central.serve(file.ocpp.host, file.ocpp.port))).url if central else ""
        server, first_link = await open_web(file.web, core, store, StationMetrics(station, control, store, central), openadr.mounts)
        ready = {"previews": partial(keep_ready, core.previews, station)}
        guarded = ready | openadr.works() | _learning_works(learning, site) | _telling_works(wire, link, station)
        works = [
            *core.works(),
            server.run(),
            Systemd().run(station.health),
            keep_small(),
            *([link.run()] if link else []),
            *(guards.run(name, work) for name, work in guarded.items()),
        ]
        tasks = [group.create_task(work) for work in works]
        try:
            yield LiveDaemon(
                station=station,
                control=control,
                planner=planner,
                central=central,
                ocpp_url=ocpp_url,
                web_url=server.url,
                first_link=first_link,
            )
        finally:
            await station.keeping.drain(DRAIN_S)
            await end(tasks)


def _planner(wire: Wire) -> ProcessPlanner:
    """Return the solver. Its process starts with the first tick; while it does so, or after its death, ticks plan without it."""
    most_mb = int(MEMORY_SHARE * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")) >> 20
    return ProcessPlanner(choice=wire.loaded.site.planner, memory_mb=most_mb, start_patience_s=0.0, on_ready=wire.wake)


def _central(wire: Wire, store: Store) -> CentralSystem | None:
    ocpp = wire.loaded.file.ocpp
    if not any(e.protocol.is_ocpp for e in wire.loaded.site.evses):
        return None
    return CentralSystem(
        wire.loaded.site,
        wire.clock,
        store,
        credentials=credentials_of(ocpp),
        tls=tls_of(ocpp),
        pseudonym=pseudonyms(ocpp.pseudonym_key_env, "ocpp.pseudonym_key_env"),
        on_change=wire.wake,
        answer_timeout_s=ocpp.answer_timeout_s,
        meter_interval_s=ocpp.meter_interval_s,
    )


def _link(wire: Wire) -> MqttLink | None:
    mqtt = wire.loaded.file.mqtt
    if mqtt is None:
        return None
    return MqttLink(
        wire.loaded.site,
        wire.clock,
        broker=broker_of(mqtt),
        on_change=wire.wake,
        wall_s_per_clock_s=1.0 / wire.speed,
    )


def _telling_works(wire: Wire, link: MqttLink | None, station: LiveStation) -> dict[str, Work]:
    """Return what tells others over the broker; what is told before the first connection is told after it."""
    mqtt = wire.loaded.file.mqtt
    if link is None or mqtt is None:
        return {}
    return {"teller": Teller(link, station, home_assistant=mqtt.home_assistant).run}


def _learning_works(learning: Learning | None, site: Site) -> dict[str, Work]:
    return {"learning": partial(learning.run, site.time_zone)} if learning else {}


def _gateway(wire: Wire, central: CentralSystem | None, link: MqttLink | None, simulated: Chargers | None) -> SiteGateway:
    chargers: dict[Protocol, Chargers] = {Protocol.SIMULATED: simulated} if simulated else {}
    if central:
        chargers |= dict.fromkeys((protocol for protocol in Protocol if protocol.is_ocpp), central)
    if link:
        chargers[Protocol.MQTT] = MqttChargers(link)
    return SiteGateway(
        wire.loaded.site,
        chargers,
        MqttMeters(link) if link else None,
        MqttBatteries(link) if link and wire.loaded.site.batteries else None,
        MqttAssets(link) if link and wire.loaded.site.asset_ids else None,
        steady_s=wire.clock.steady_s,
        on_jump=wire.wake,
    )


def _learning(wire: Wire, forecaster: SeasonalForecaster, store: Store) -> Learning | None:
    """Return what trains the forecaster's models; None where the site file wants no learning."""
    file = wire.loaded.file
    bounds = file.forecasts
    if not bounds.learn:
        return None
    process = TrainingProcess(file.country, time_limit_s=bounds.time_limit_s, memory_mb=bounds.memory_mb)
    return Learning(forecaster, store, wire.clock, process=process, holidays=days_off(file.country))
