"""An OCPP 2.x station on the wire: a thin asyncio shell around `Point`."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from ssl import SSLContext

import structlog
from websockets.asyncio.client import ClientConnection

from adapters.farm.lifeline import Backoff
from adapters.farm.ocpp.link import Link, Payload, RefusedError
from adapters.farm.ocpp.manners import Manners
from adapters.farm.ocpp.outbox import ATTEMPTS, Outbox
from adapters.farm.ocpp.schemas import Schemas
from adapters.farm.ocpp.v2.edition import Edition
from adapters.farm.ocpp.v2.inventory import COMMUNICATION, HEARTBEAT, INTERVAL, SAMPLED
from adapters.farm.ocpp.v2.point import Begun, Point, Tell
from adapters.farm.ocpp.wire import Wire
from adapters.farm.outlet import Outlet
from adapters.farm.visit import Visit
from v2g.ports import Clock

log = structlog.get_logger(__name__)

IDLE_S = 60.0
DURING_BOOT = frozenset({"NotifyReport", "BootNotification"})


class StationCharger:
    """Fills `Charger` for one station, all of whose outlets are EVSEs of their own with one connector.

    Every frame is checked against the official schemas, both ways. Intervals are seconds of `clock`; `touch()` brings the farm
    to the present before a limit changes and before the meters are read.
    """

    def __init__(
        self,
        station_id: str,
        outlets: Sequence[Outlet],
        *,
        edition: Edition,
        clock: Clock,
        url: str,
        password: str | None,
        tls: SSLContext | None,
        begun: Begun,
        touch: Callable[[], None],
        sample_s: float,
        manners: Manners,
    ) -> None:
        grammar = edition.grammar
        self.station_id, self._edition, self._clock, self._touch, self._manners = station_id, edition, clock, touch, manners
        self._wire = Wire(station_id, url=url, password=password, tls=tls, subprotocol=grammar.subprotocol, clock=clock)
        self._schemas = Schemas(grammar.version)
        self._outbox, self._prompt = Outbox(clock), Outbox(clock)
        self._accepted, self._restart, self._reason = asyncio.Event(), asyncio.Event(), "PowerUp"
        self.point = Point(
            station_id,
            outlets,
            grammar=grammar,
            clock=clock,
            begun=begun,
            shell=self,
            sample_s=sample_s,
        )

    @property
    def online(self) -> bool:
        """Whether the central system has accepted it and is connected."""
        return self.point.online

    async def run(self) -> None:
        """Keep the connection for ever, and measure whether or not there is one."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._measure())
            await self._wire.keep(self._converse, self.point.disconnect)

    def plugged(self, unit: int, visit: Visit) -> None:
        """Note a car and begin its transaction."""
        self.point.plugged(unit, visit)

    def unplugged(self, unit: int) -> None:
        """Note that the car has gone and end its transaction."""
        self.point.unplugged(unit)

    def settle(self, now: datetime) -> None:
        """Put what holds at `now` in force; tell what changed."""
        self.point.settle(now)
        if self.point.online:
            self._edition.chore(self.point, now)

    def cut(self) -> None:
        """Lose the network."""
        self._wire.lifeline.cut()

    def mend(self) -> None:
        """Find the network again."""
        if self.point.alive:
            self._wire.lifeline.mend()

    def kill(self) -> None:
        """Lose all power."""
        self.point.alive, self._reason = False, "PowerUp"
        self._wire.lifeline.cut()

    def revive(self) -> None:
        """Boot again; transactions ended with the power, and cars that are there begin new ones."""
        self.point.revive()
        self._wire.lifeline.mend()

    def tell(self, tell: Tell) -> None:
        """Queue a request; only what is told of transactions is tried again when it was refused (E04)."""
        box = self._prompt if tell.action in DURING_BOOT else self._outbox
        box.put(partial(self._deliver, tell), attempts=ATTEMPTS if tell.action == "TransactionEvent" else 1)

    def restart(self, reason: str) -> None:
        """Close the connection, after the answer now given, and come back with a boot."""
        self._reason = reason
        self._restart.set()

    def boot_again(self) -> None:
        """Send a boot that was asked for."""
        self.tell(Tell(action="BootNotification", payload=self._boot_payload("Triggered"), then=self._note_boot))

    def waiting(self) -> bool:
        """Return whether anything waits to be told."""
        return len(self._outbox) > 0

    async def _converse(self, socket: ClientConnection, backoff: Backoff) -> None:
        link = Link(socket, self._answer, manners=self._manners, clock=self._clock)
        self._accepted.clear()
        async with asyncio.TaskGroup() as group:
            group.create_task(link.serve())
            group.create_task(self._prompt.deliver(link))
            await self._boot(link)
            backoff.reset()
            log.info("farm_charger_online", station=self.station_id)
            self.point.connect()
            group.create_task(self._outbox.deliver(link))
            group.create_task(self._beat(link))
            await self._restart.wait()
            self._restart.clear()
            await link.close()
            raise ConnectionError("restarting")

    async def _boot(self, link: Link) -> None:
        """Announce the station until it is accepted."""
        while not self._accepted.is_set():
            answer = await self._call(link, "BootNotification", self._boot_payload(self._reason))
            self._note_boot(answer)
            if self._accepted.is_set():
                return
            await self._acceptance(answer["interval"] or IDLE_S)

    async def _acceptance(self, within_s: float) -> None:
        """Wait until a triggered boot was accepted, or it is time to boot again."""
        waits = [asyncio.ensure_future(self._accepted.wait()), asyncio.ensure_future(self._clock.sleep(within_s))]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    def _boot_payload(self, reason: str) -> Payload:
        station = {
            "vendorName": "Simulated",
            "model": "Farm 2",
            "serialNumber": self.station_id[:25],
            "firmwareVersion": "1.0",
        }
        return {"reason": reason, "chargingStation": station}

    def _note_boot(self, answer: Payload) -> None:
        if answer["status"] == "Accepted":
            self.point.model.put(COMMUNICATION, HEARTBEAT, str(answer["interval"] or round(IDLE_S)))
            self._accepted.set()

    async def _beat(self, link: Link) -> None:
        while True:
            await self._clock.sleep(self.point.model.seconds(COMMUNICATION, HEARTBEAT) or IDLE_S)
            await self._call(link, "Heartbeat", {})

    async def _measure(self) -> None:
        while True:
            interval_s = self.point.model.seconds(SAMPLED, INTERVAL)
            await self._clock.sleep(interval_s or IDLE_S)
            if interval_s and self.point.alive:
                self._touch()
                self.point.sample()

    def _answer(self, action: str, payload: Payload) -> Payload:
        """Return the reply to a command. Raises `RefusedError` if it is not known, `FrameError` if it breaks its schema."""
        handler = self._edition.handlers.get(action)
        if handler is None:
            raise RefusedError("NotImplemented", action)
        self._schemas.check_request(action, payload)
        self._touch()
        reply = handler(self.point, payload)
        self.settle(self._clock.now())
        self._schemas.check_answer(action, reply)
        return reply

    async def _deliver(self, tell: Tell, link: Link) -> None:
        tell.then(await self._call(link, tell.action, tell.payload))

    async def _call(self, link: Link, action: str, payload: Payload) -> Payload:
        self._schemas.check_request(action, payload)
        answer = await link.call(action, payload)
        self._schemas.check_answer(action, answer)
        return answer
