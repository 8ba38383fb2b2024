"""The farm on the wire: the same cars and the same ledger, with chargers and meters as real protocol clients."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from ssl import SSLContext
from types import TracebackType
from typing import Any, Self

import structlog

from adapters.ending import end
from adapters.farm.charger import Charger
from adapters.farm.fleet import Fleet
from adapters.farm.leases import Leases
from adapters.farm.mischief import Fault, Mischief, Victim
from adapters.farm.mqtt.asset import AssetDevice
from adapters.farm.mqtt.charger import MqttCharger
from adapters.farm.mqtt.line import Device, Line
from adapters.farm.mqtt.site import Meters, StationaryBattery
from adapters.farm.ocpp.manners import Manners
from adapters.farm.ocpp.v2.charger import StationCharger
from adapters.farm.ocpp.v16.charger import OcppCharger
from adapters.farm.ocpp.v21.edition import V21
from adapters.farm.ocpp.v201 import V201
from adapters.farm.outcome import Outcome
from adapters.farm.outlet import Outlet
from adapters.farm.surroundings import StepSeries, Surroundings
from adapters.farm.visit import Visit
from adapters.farm.wireless import Wireless
from adapters.farm.yard import Yard
from adapters.mqtt_client import Broker
from v2g.errors import SeriesError
from v2g.ports import Clock
from v2g.session import Wishes
from v2g.site import Protocol, Site

log = structlog.get_logger(__name__)

TellWishes = Callable[[str, Wishes], Awaitable[bool]]
TELL_AGAIN_S = 60.0
BLINK = timedelta(seconds=0.1)
"""Of the farm's time. Thousands of chargers that are commanded at once need not each bring all cars to their very instant."""
OCPP: Mapping[Protocol, Callable[..., Charger]] = {
    Protocol.OCPP16: OcppCharger,
    Protocol.OCPP201: partial(StationCharger, edition=V201),
    Protocol.OCPP21: partial(StationCharger, edition=V21),
}


class LiveFarm:
    """An async context manager; inside it the station's cars come and go, and its devices speak.

    OCPP carries no driver's wishes: once the central system knows a transaction, ``tell_wishes(evse_id, wishes)`` is awaited,
    again each minute until it returns True or the car has gone. Simulated outlets have no wire: `wireless` speaks for them.
    `ocpp_tls(station_id)` is the TLS of a station, None for what this machine trusts.
    `on_change` is called when cars come and go; `faults` befall stations drawn by `seed`. All periods are seconds of `clock`:
    `step_s` of the physics, `sample_s` of OCPP meter values, `state_s` and `meter_s` of MQTT states and meters;
    without a `broker` nothing speaks MQTT. Raises `SeriesError` if the visits do not fit the site.
    """

    def __init__(
        self,
        site: Site,
        visits: Sequence[Visit],
        *,
        load_kw: StepSeries,
        pv_kw: StepSeries,
        clock: Clock,
        ocpp_url: str,
        broker: Broker | None,
        tell_wishes: TellWishes,
        on_change: Callable[[], None] = lambda: None,
        import_limit_kw: StepSeries | None = None,
        ocpp_passwords: Mapping[str, str] | None = None,
        ocpp_tls: Callable[[str], SSLContext | None] = lambda _station_id: None,
        step_s: float = 10.0,
        sample_s: float = 60.0,
        state_s: float = 10.0,
        meter_s: float = 5.0,
        battery_soc_frac: float = 0.5,
        faults: Sequence[Fault] = (),
        seed: int = 1,
    ) -> None:
        self._site, self._clock, self._tell_wishes, self._step_s = site, clock, tell_wishes, step_s
        self._fleet, self._leases = Fleet(site, battery_soc_frac=battery_soc_frac), Leases(site)
        self._ocpp_url, self._passwords, self._sample_s = ocpp_url, ocpp_passwords or {}, sample_s
        self._tls, self._broker, self._state_s = ocpp_tls, broker, state_s
        self._group = asyncio.TaskGroup()
        self._tasks: set[asyncio.Task[None]] = set()
        outlets = [Outlet(evse, unit, self._fleet, self._leases) for unit, evse in enumerate(site.evses)]
        wired = [outlet for outlet in outlets if outlet.evse.protocol is not Protocol.SIMULATED]
        self._manners: defaultdict[str, Manners] = defaultdict(Manners)
        self._chargers = {name: self._charger(name, own) for name, own in _by_station(wired).items()}
        others = [outlet.unit for outlet in outlets if outlet.evse.protocol is Protocol.SIMULATED]
        self.wireless = Wireless(self._fleet, self._leases, others, now=clock.now, touch=self._touch)
        victims = {
            name: Victim(charger=self._chargers[name], manners=self._manners[name], outlets=own)
            for name, own in _by_station(wired).items()
        }
        self._mischief = Mischief(victims, faults, clock=clock, seed=seed)
        self._by_unit = [self._chargers.get(evse.station_id, self.wireless) for evse in site.evses]
        self._on_change = on_change
        self._yard = Yard(
            site=site,
            visits=visits,
            start=clock.now(),
            surroundings=Surroundings(load_kw=load_kw, pv_kw=pv_kw, import_limit_kw=import_limit_kw),
            fleet=self._fleet,
            control=self._leases,
            step_s=step_s,
            on_change=self._note_change,
        )
        self._lines = self._mqtt_lines(broker, meter_s) if broker else []

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        self._yard.advance_to(self._clock.now())
        wires: list[Charger | Line] = [*self._chargers.values(), *self._lines]
        for job in (self._live(), self._mischief.run(), *(wire.run() for wire in wires)):
            self._spawn(job)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        while pending := [task for task in self._tasks if not task.done()]:  # one that ends may have begun another
            await end(pending)
        own = (kind, error, trace) if kind is not None and issubclass(kind, asyncio.CancelledError) else (None, None, None)
        await self._group.__aexit__(*own)

    def outcome(self) -> Outcome:
        """Return the ledger's truth up to now."""
        self._yard.advance_to(self._clock.now())
        return self._yard.outcome()

    @property
    def online(self) -> int:
        """How many OCPP stations a central system has accepted and holds."""
        chargers = self._chargers.values()
        return sum(charger.online for charger in chargers if isinstance(charger, (OcppCharger, StationCharger)))

    def drop_charger(self, station_id: str, for_s: float = 600.0) -> None:
        """Take the charger's network away for `for_s` [s of the clock]; it goes on with its lease, then its fallback."""
        self._chargers[station_id].cut()
        self._spawn(self._mend_later(station_id, for_s))

    def kill_charger(self, station_id: str) -> None:
        """Take all power from the charger until it is revived."""
        self._touch()
        self._chargers[station_id].kill()
        self._chargers[station_id].settle(self._clock.now())

    def revive(self, station_id: str) -> None:
        """Give the charger its power and its network back."""
        self._touch()
        self._chargers[station_id].revive()

    def _charger(self, station_id: str, outlets: Sequence[Outlet]) -> Charger:
        if outlets[0].evse.protocol is Protocol.MQTT:
            if self._broker is None:
                raise SeriesError("there is no broker", place=station_id, mend="give one, or let the station speak OCPP")
            return MqttCharger(
                station_id,
                outlets,
                site_id=self._site.site_id,
                leases=self._leases,
                broker=self._broker_of(self._broker, station_id),
                clock=self._clock,
                touch=self._touch,
                period_s=self._state_s,
                manners=self._manners[station_id],
            )
        make = OCPP[outlets[0].evse.protocol]
        return make(
            station_id,
            outlets,
            clock=self._clock,
            url=self._ocpp_url,
            password=self._passwords.get(station_id),
            tls=self._tls(station_id),
            begun=self._note_begun,
            touch=self._touch,
            sample_s=self._sample_s,
            manners=self._manners[station_id],
        )

    def _mqtt_lines(self, broker: Broker, meter_s: float) -> list[Line]:
        """Return what speaks MQTT beside the chargers: the site's meters, its batteries and assets."""
        site, fleet, leases, n_evses = self._site, self._fleet, self._leases, len(self._site.evses)
        batteries = [
            StationaryBattery(site.site_id, battery, unit, fleet=fleet, leases=leases, touch=self._touch)
            for unit, battery in enumerate(site.batteries, start=n_evses)
        ]
        plants = enumerate(self._yard.premises.plants, start=n_evses + len(site.batteries))
        assets = [AssetDevice(site.site_id, plant, unit, leases=leases, touch=self._touch) for unit, plant in plants]
        devices: list[Device] = [*batteries, *assets]
        meters = Line(Meters(site.site_id, self._readings), broker, self._clock, meter_s)
        return [meters, *(Line(it, self._broker_of(broker, it.name), self._clock, self._state_s) for it in devices)]

    def _broker_of(self, broker: Broker, name: str) -> Broker:
        """Return the broker as the device `name` speaks to it: as itself where it has a password."""
        return replace(broker, username=name, password=self._passwords[name]) if name in self._passwords else broker

    def _spawn(self, job: Coroutine[Any, Any, None]) -> None:
        task = self._group.create_task(job)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _live(self) -> None:
        while True:
            self._touch()
            now = self._clock.now()
            for charger in self._chargers.values():
                charger.settle(now)
            await self._clock.sleep(self._step_s)

    def _touch(self) -> None:
        """Bring the cars to the present, or all but."""
        now = self._clock.now()
        if now - self._yard.now >= BLINK:
            self._yard.advance_to(now)

    def _readings(self, now: datetime) -> dict[str, float]:
        around, at_s = self._yard.surroundings, now.timestamp()
        load_kw, free_pv_kw, premises = around.load_kw.at(at_s), around.pv_kw.at(at_s), self._yard.premises
        site_kw = load_kw - free_pv_kw + float(self._fleet.running_kw.sum() + premises.power_kw.sum())
        return {"site": site_kw, "load": load_kw, "pv": free_pv_kw - premises.held_back_kw}

    def _note_change(self, unit: int, visit: Visit | None) -> None:
        if visit is None:
            self._by_unit[unit].unplugged(unit)
        else:
            self._by_unit[unit].plugged(unit, visit)
        self._on_change()

    def _note_begun(self, evse_id: str, visit: Visit) -> None:
        self._spawn(self._tell(evse_id, visit))

    async def _tell(self, evse_id: str, visit: Visit) -> None:
        while visit in self._yard.here:
            if await self._tell_wishes(evse_id, visit.wishes):
                log.info("farm_wishes_told", evse=evse_id)
                return
            await self._clock.sleep(TELL_AGAIN_S)

    async def _mend_later(self, station_id: str, for_s: float) -> None:
        await self._clock.sleep(for_s)
        self._chargers[station_id].mend()


def _by_station(outlets: Sequence[Outlet]) -> dict[str, list[Outlet]]:
    ordered = sorted(outlets, key=lambda o: o.evse.station_id)
    return {name: list(own) for name, own in groupby(ordered, key=lambda o: o.evse.station_id)}
