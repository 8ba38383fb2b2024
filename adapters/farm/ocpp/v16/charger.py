"""An OCPP 1.6J charge point: boots, reports, runs transactions and obeys charging profiles."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from ssl import SSLContext

import structlog
from websockets.asyncio.client import ClientConnection

from adapters.farm.lifeline import Backoff
from adapters.farm.ocpp.fields import maybe, need, stamp
from adapters.farm.ocpp.link import Link, Payload
from adapters.farm.ocpp.manners import Manners
from adapters.farm.ocpp.outbox import Outbox
from adapters.farm.ocpp.v16.commands import Commands
from adapters.farm.ocpp.v16.connector import Connector, Transaction
from adapters.farm.ocpp.v16.profiles import Profiles
from adapters.farm.ocpp.v16.settings import HEARTBEAT, SAMPLE, Settings
from adapters.farm.ocpp.v16.upkeep import Upkeep
from adapters.farm.ocpp.wire import Wire
from adapters.farm.outlet import Outlet
from adapters.farm.visit import Visit
from v2g.ports import Clock

log = structlog.get_logger(__name__)

IDLE_S = 60.0
Begun = Callable[[str, Visit], None]


class OcppCharger:
    """A charge point at ``{url}/{station_id}``, one for all outlets of a station.

    A car is let charge as soon as it is plugged in (local pre-authorisation) and stopped if the central system refuses its
    driver. Intervals are seconds of `clock`. `begun(evse_id, visit)` is told when the central system knows a transaction;
    `touch()` brings the farm to the present before a limit changes and before the meters are read.
    """

    def __init__(
        self,
        station_id: str,
        outlets: Sequence[Outlet],
        *,
        clock: Clock,
        url: str,
        password: str | None,
        tls: SSLContext | None,
        begun: Begun,
        touch: Callable[[], None],
        sample_s: float,
        manners: Manners,
    ) -> None:
        self.station_id, self._clock, self._begun, self._manners, self._touch = station_id, clock, begun, manners, touch
        self._wire = Wire(station_id, url=url, password=password, tls=tls, subprotocol="ocpp1.6", clock=clock)
        self._connectors = {o.evse.connector_id: Connector(o, len(outlets)) for o in outlets}
        self._by_unit = {c.outlet.unit: c for c in self._connectors.values()}
        gives_back = any(o.evse.negative_limits for o in outlets)
        self._settings, self._profiles = Settings(len(outlets), sample_s, gives_back=gives_back), Profiles()
        self._outbox = Outbox(clock)
        upkeep = Upkeep(station_id, self._connectors, self._tell_soon)
        self._commands = Commands(self, self._connectors, self._profiles, self._settings, clock, touch, more=upkeep.handlers)
        self._alive, self._online, self._restart = True, False, asyncio.Event()

    @property
    def online(self) -> bool:
        """Whether the central system has accepted it and is connected."""
        return self._online

    async def run(self) -> None:
        """Keep the connection for ever, and measure whether or not there is one: meter values wait like all of a transaction's."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._measure())
            await self._wire.keep(self._converse, self._note_lost)

    def plugged(self, unit: int, visit: Visit) -> None:
        """Note a car and begin its transaction."""
        connector = self._by_unit[unit]
        connector.outlet.visit, connector.reserved_for = visit, None
        if self._alive and connector.operative:
            self.begin(connector, connector.tag)

    def unplugged(self, unit: int) -> None:
        """Note that the car has gone and end its transaction."""
        connector = self._by_unit[unit]
        self.end(connector, "EVDisconnected")
        connector.outlet.visit, connector.ended = None, False

    def settle(self, now: datetime) -> None:
        """Put the limits of `now` in force; announce changes of status."""
        for connector_id, connector in self._connectors.items():
            if connector.transaction is None:
                connector.operative = connector.to_be_operative
            if self._alive:
                connector.settle(self._profiles, now)
            else:
                connector.outlet.let(0.0)
            status = connector.status(now)
            if self._online and status != connector.announced:
                connector.announced = status
                self._outbox.put(partial(self._send_status, connector_id, status, now))

    def cut(self) -> None:
        """Lose the network."""
        self._wire.lifeline.cut()

    def mend(self) -> None:
        """Find the network again."""
        if self._alive:
            self._wire.lifeline.mend()

    def kill(self) -> None:
        """Lose all power."""
        self._alive = False
        self._wire.lifeline.cut()

    def revive(self) -> None:
        """Boot again; a transaction ended with the power, and a car that is there begins a new one."""
        self._alive = True
        for connector in self._connectors.values():
            self.end(connector, "PowerLoss")
            if connector.outlet.visit is not None:
                self.begin(connector, connector.tag)
        self._wire.lifeline.mend()

    def begin(self, connector: Connector, tag: str) -> None:
        """Begin a transaction at once and tell the central system as soon as it can be told."""
        now = self._clock.now()
        connector.ended = False
        connector.transaction = Transaction(tag=tag, began_at=now, meter_start_wh=connector.register_wh)
        self._outbox.put(partial(self._send_authorize, connector, connector.transaction))
        self._outbox.put(partial(self._send_start, connector, connector.transaction))

    def end(self, connector: Connector, reason: str) -> None:
        """End the connector's transaction, if there is one, for an OCPP `reason`."""
        transaction, connector.transaction = connector.transaction, None
        if transaction is None:
            return
        connector.ended = True
        self._profiles.end_transaction(connector.evse.connector_id)
        self._outbox.put(partial(self._send_stop, transaction, connector.register_wh, self._clock.now(), reason))

    def send_soon(self, requested: str, connector_ids: Sequence[int]) -> None:
        """Send what a TriggerMessage asked for, after its answer."""
        now = self._clock.now()
        match requested:
            case "BootNotification":
                self._outbox.put(self._boot)
            case "Heartbeat":
                self._outbox.put(self._send_heartbeat)
            case "MeterValues":
                self._sample(connector_ids)
            case _:
                for connector_id in connector_ids:
                    status = self._connectors[connector_id].status(now)
                    self._outbox.put(partial(self._send_status, connector_id, status, now))

    def restart_soon(self) -> None:
        """Close the connection, after the answer to a Reset, and come back with a boot."""
        self._restart.set()

    def _note_lost(self) -> None:
        self._online = False

    async def _converse(self, socket: ClientConnection, backoff: Backoff) -> None:
        link = Link(socket, self._commands.answer, manners=self._manners, clock=self._clock)
        async with asyncio.TaskGroup() as group:
            group.create_task(link.serve())
            await self._boot(link)
            backoff.reset()
            log.info("farm_charger_online", station=self.station_id)
            await self._send_status(0, "Available", self._clock.now(), link)
            for connector in self._connectors.values():
                connector.announced = ""
            self._online = True
            group.create_task(self._outbox.deliver(link))
            group.create_task(self._beat(link))
            await self._restart.wait()
            self._restart.clear()
            await link.close()
            raise ConnectionError("restarting")

    async def _boot(self, link: Link) -> None:
        while True:
            vendor = {
                "chargePointVendor": "Simulated",
                "chargePointModel": "Farm 16",
                "chargePointSerialNumber": self.station_id[:25],
            }
            answer = await link.call("BootNotification", vendor)
            interval_s = maybe(answer, "interval", int) or round(IDLE_S)
            if answer.get("status") == "Accepted":
                self._settings.change(HEARTBEAT, str(interval_s))
                return
            await self._clock.sleep(interval_s)

    async def _beat(self, link: Link) -> None:
        while True:
            await self._clock.sleep(self._settings.seconds(HEARTBEAT) or IDLE_S)
            await self._send_heartbeat(link)

    async def _measure(self) -> None:
        while True:
            interval_s = self._settings.seconds(SAMPLE)
            await self._clock.sleep(interval_s or IDLE_S)
            if interval_s and self._alive:
                self._touch()
                self._sample([c.evse.connector_id for c in self._connectors.values() if c.transaction])

    def _sample(self, connector_ids: Sequence[int]) -> None:
        """Queue what the meters say now."""
        for connector_id in connector_ids:
            payload = self._connectors[connector_id].sample(self._settings, self._clock.now())
            self._outbox.put(partial(self._send, "MeterValues", payload))

    def _tell_soon(self, action: str, payload: Payload) -> None:
        """Send a message after the answer now given."""
        self._outbox.put(partial(self._send, action, payload), attempts=1)

    async def _send(self, action: str, payload: Payload, link: Link) -> None:
        await link.call(action, payload)

    async def _send_heartbeat(self, link: Link) -> None:
        await link.call("Heartbeat", {})

    async def _send_status(self, connector_id: int, status: str, at: datetime, link: Link) -> None:
        payload = {"connectorId": connector_id, "errorCode": "NoError", "status": status, "timestamp": stamp(at)}
        await link.call("StatusNotification", payload)

    async def _send_authorize(self, connector: Connector, transaction: Transaction, link: Link) -> None:
        answer = await link.call("Authorize", {"idTag": transaction.tag})
        if _is_refused(answer):
            transaction.dropped = True
            self._drop(connector, transaction)

    async def _send_start(self, connector: Connector, transaction: Transaction, link: Link) -> None:
        if transaction.dropped:
            return
        payload = {
            "connectorId": connector.evse.connector_id,
            "idTag": transaction.tag,
            "meterStart": transaction.meter_start_wh,
            "timestamp": stamp(transaction.began_at),
        }
        answer = await link.call("StartTransaction", payload)
        transaction.transaction_id = need(answer, "transactionId", int)
        visit = connector.outlet.visit
        if _is_refused(answer):
            self._drop(connector, transaction)
        elif visit is not None and connector.transaction is transaction:
            self._begun(connector.evse.evse_id, visit)

    async def _send_stop(self, transaction: Transaction, meter_wh: int, at: datetime, reason: str, link: Link) -> None:
        if transaction.transaction_id is None:
            return
        payload: Payload = {
            "transactionId": transaction.transaction_id,
            "idTag": transaction.tag,
            "meterStop": meter_wh,
            "timestamp": stamp(at),
            "reason": reason,
        }
        await link.call("StopTransaction", payload)

    def _drop(self, connector: Connector, transaction: Transaction) -> None:
        if connector.transaction is transaction:
            self.end(connector, "DeAuthorized")


def _is_refused(answer: Payload) -> bool:
    info = answer.get("idTagInfo")
    return isinstance(info, dict) and info.get("status") != "Accepted"
