"""One car at one outlet of the simulated farm, and the adapter of each protocol that knows it only by its wire."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

from adapters.clock import AcceleratedClock
from adapters.farm.live import LiveFarm
from adapters.farm.mischief import Fault
from adapters.mqtt.broker import EmbeddedBroker
from adapters.mqtt.chargers import MqttChargers
from adapters.mqtt.link import MqttLink
from adapters.mqtt_client import Broker
from adapters.ocpp.central import CentralSystem
from tests.adapters.farm.stations import START, always, outlet, station, v2g_stay
from tests.support.transactions import MemoryTransactions
from v2g.observation import EvseState
from v2g.ports import Chargers
from v2g.session import ChargingSession, Wishes
from v2g.setpoint import Applied, Outcome, Setpoint
from v2g.site import Protocol

SPEED, SAMPLE_S, FALLBACK_KW = 600.0, 10.0, 4.2
PATIENCE_WALL_S, ANSWER_WALL_S = 15.0, 0.3
NOBODY = Broker(host="127.0.0.1", port=9)


class Yard:
    """What is kept while adapters come and go: the clock, the farm's wire and the database. `chargers` is the adapter at work."""

    def __init__(self, protocol: Protocol, broker: EmbeddedBroker) -> None:
        self.protocol, self.clock, self.transactions = protocol, AcceleratedClock(START, SPEED), MemoryTransactions()
        self.site = station(outlet(protocol=protocol, station_id="CP1", fallback_kw=FALLBACK_KW))
        self.chargers: Chargers
        self._broker = Broker(host=broker.host, port=broker.port, version=broker.version)
        self._port = 0

    @asynccontextmanager
    async def adapter(self) -> AsyncIterator[None]:
        """Have an adapter at work, always at the same address, while the context lasts. Without a wire it is the farm's own."""
        if self.protocol is Protocol.SIMULATED:
            yield
            return
        async with self._mqtt() if self.protocol is Protocol.MQTT else self._ocpp():
            yield

    @asynccontextmanager
    async def farm(self, *faults: Fault) -> AsyncIterator[LiveFarm]:
        """Have the farm, with a car that stays for two days."""
        async with LiveFarm(
            self.site,
            [v2g_stay(hours_h=48.0, energy_kwh=25.0)],
            ocpp_url=f"ws://127.0.0.1:{self._port or 9}",
            broker=self._broker,
            tell_wishes=told,
            load_kw=always(0.0),
            pv_kw=always(0.0),
            clock=self.clock,
            sample_s=SAMPLE_S,
            faults=faults,
        ) as farm:
            if self.protocol is Protocol.SIMULATED:
                self.chargers = farm.wireless
            yield farm

    @property
    def state(self) -> EvseState:
        """The outlet as the control core sees it."""
        (state,) = self.chargers.states(self.clock.now())
        return state

    @property
    def session(self) -> ChargingSession:
        """The car's session."""
        session = self.state.session
        assert session is not None
        return session

    async def apply(self, power_kw: float, lease_s: float = 9000.0) -> Outcome:
        """Send a setpoint and return what became of it."""
        until = self.clock.now() + timedelta(seconds=lease_s)
        (outcome,) = await self.chargers.apply([Setpoint(unit_id="A", power_kw=power_kw, valid_until=until)])
        return outcome

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until `condition()` is true."""
        async with asyncio.timeout(PATIENCE_WALL_S):
            while not condition():  # noqa: ASYNC110 - what is waited for happens on the other side of a socket
                await asyncio.sleep(0.01)

    async def measured(self, low_kw: float, high_kw: float) -> None:
        """Wait until the outlet measures a power between the two."""
        await self.until(lambda: (reading := self.state.power_kw) and low_kw <= reading.value <= high_kw)

    async def known(self) -> None:
        """Wait until the car is known with all that it tells."""
        await self.until(lambda: self.state.online and (s := self.state.session) and (s.driver or not self.protocol.is_ocpp))

    async def grounded(self) -> None:
        """Wait until a charger has shown its fallback: a lease beyond the longest, laid meanwhile, would hide it."""
        await self.until(lambda: not self.protocol.is_ocpp or self.state.lease_until is not None)

    async def obeys(self) -> None:
        """Wait until a setpoint is taken."""
        await self.known()
        async with asyncio.timeout(PATIENCE_WALL_S):
            while not isinstance(await self.apply(11.0), Applied):  # noqa: ASYNC110 - it is asked until it obeys
                await asyncio.sleep(0.02)

    @asynccontextmanager
    async def _ocpp(self) -> AsyncIterator[None]:
        central = CentralSystem(
            self.site,
            self.clock,
            self.transactions,
            pseudonym=lambda tag: f"driver-{tag}",
            meter_interval_s=SAMPLE_S,
            boot_grace_s=0.1,
            answer_timeout_s=ANSWER_WALL_S,
        )
        async with central.serve(port=self._port) as listener:
            self.chargers, self._port = central, listener.port
            yield
            assert central.rejected_frames == {"CP1": 0}

    @asynccontextmanager
    async def _mqtt(self) -> AsyncIterator[None]:
        link = MqttLink(self.site, self.clock, broker=self._broker, on_change=lambda: None, wall_s_per_clock_s=1.0 / SPEED)
        self.chargers = MqttChargers(link, timeout_s=ANSWER_WALL_S)
        running = asyncio.create_task(link.run())
        try:
            await self.until(lambda: link.connected)
            yield
        finally:
            running.cancel()
            await asyncio.wait([running])
        assert not link.inbox.refused


@asynccontextmanager
async def yard(protocol: Protocol, broker: EmbeddedBroker, *faults: Fault) -> AsyncIterator[Yard]:
    """Have an adapter at work, and the farm at its other end."""
    made = Yard(protocol, broker)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(made.adapter())
        await stack.enter_async_context(made.farm(*faults))
        yield made


async def told(evse_id: str, wishes: Wishes) -> bool:
    del evse_id, wishes
    return True
