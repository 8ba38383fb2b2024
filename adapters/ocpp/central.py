"""The central system: all OCPP chargers of a site behind one WebSocket server. Fills `v2g.ports.Chargers`."""

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import cast

import structlog
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request

from adapters.ending import end
from adapters.ocpp.connection import AnswerTimeoutError, Connection, CutOffError, DisconnectedError, RefusedError
from adapters.ocpp.credentials import Credentials
from adapters.ocpp.dialect import Caller, Context, Dialect
from adapters.ocpp.door import Door
from adapters.ocpp.frames import BadFrameError, Payload
from adapters.ocpp.gate import Gate, station_of
from adapters.ocpp.journal import Entry
from adapters.ocpp.keepalive import Keepalive
from adapters.ocpp.pace import Pace
from adapters.ocpp.readback import ContradictionError
from adapters.ocpp.socket import ChargerSocket
from adapters.ocpp.socket_logs import socket_logger
from adapters.ocpp.station import Station
from adapters.ocpp.tls import Tls
from adapters.ocpp.v2.dialect import Dialect2
from adapters.ocpp.v16.dialect import Dialect16
from adapters.ocpp.v21.edition import EDITION as V21
from adapters.ocpp.v201.edition import EDITION as V201
from v2g.in_force import longest_lease_s
from v2g.observation import EvseState
from v2g.ports import Clock, Transactions
from v2g.setpoint import Applied, Outcome, Rejected, Setpoint, TimedOut, Unreachable
from v2g.site import Evse, Protocol, Site

log = structlog.get_logger()

DIALECTS: Mapping[str, Callable[[Caller, Station, Context], Dialect]] = {
    Protocol.OCPP21: partial(Dialect2, edition=V21),
    Protocol.OCPP201: partial(Dialect2, edition=V201),
    Protocol.OCPP16: Dialect16,
}
MAX_FRAME_BYTES = 65_536  # a long MeterValues takes about 10,000
HANDSHAKE_WALL_S = 30.0  # for TLS, and again for the request; thousands come at once after a power cut
BACKLOG = 4096  # connections that the machine takes before we do; what does not fit tries again a second later
CLOSE_WALL_S = 2.0
LEASE_MARGIN_S = 60  # chargers cut seconds, and their clocks differ
STALE_INTERVALS = 3.0  # meter values may come late, or one be lost


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """Where the central system listens."""

    host: str
    port: int
    encrypted: bool = False

    @property
    def url(self) -> str:
        """The address chargers are given, to which they add their identity."""
        return f"{'wss' if self.encrypted else 'ws'}://{self.host}:{self.port}"


class CentralSystem:
    """All OCPP chargers of a site.

    Parameters
    ----------
    site : Site
        Its outlets with an OCPP protocol are served; several may share a station.
    clock : Clock
        The time of leases, readings and answers to chargers.
    transactions : Transactions
        Where transactions are kept before a charger is answered.
    credentials : Credentials or None
        The stations' passwords for Basic authentication (security profiles 1 and 2).
    tls : Tls or None
        With which connections are encrypted (profile 2), and stations may show certificates (3). With neither passwords nor
        certificates, only this machine may connect.
    pseudonym : callable
        Turns an id tag into a driver's pseudonym.
    on_change : callable or None
        Called when a car or a charger comes or goes, and when a charger is ready for setpoints; must not raise.
    answer_timeout_s, boot_grace_s, ping_s : float
        Wall seconds: for a charger's answer, for its boot after connecting, of silence until a ping, and then until the end.
    meter_interval_s, heartbeat_interval_s : float
        Seconds of the clock, asked of the chargers; readings older than three meter intervals are stale.
    lenient : bool
        Let in chargers that name no subprotocol.

    Raises `InputError` if there are credentials but no certificates, and a station without a password.
    """

    def __init__(
        self,
        site: Site,
        clock: Clock,
        transactions: Transactions,
        *,
        pseudonym: Callable[[str], str],
        credentials: Credentials | None = None,
        tls: Tls | None = None,
        on_change: Callable[[], None] | None = None,
        answer_timeout_s: float = 10.0,
        boot_grace_s: float = 5.0,
        ping_s: float = 20.0,
        meter_interval_s: float = 60.0,
        heartbeat_interval_s: float = 300.0,
        lenient: bool = True,
    ) -> None:
        self._clock, self._on_change, self._tls = clock, on_change or _nothing, tls
        self._answer_timeout_wall_s, self._keepalive = answer_timeout_s, Keepalive(ping_s)
        self._stale_after_s = STALE_INTERVALS * meter_interval_s
        self._context = Context(
            clock=clock,
            transactions=transactions,
            pseudonym=pseudonym,
            on_change=self._on_change,
            meter_interval_s=meter_interval_s,
            heartbeat_interval_s=heartbeat_interval_s,
            boot_grace_wall_s=boot_grace_s,
            longest_lease_s=math.ceil(longest_lease_s(site)) + LEASE_MARGIN_S,
        )
        self._evses = {evse.evse_id: evse for evse in site.evses if evse.protocol.is_ocpp}
        self._stations = {
            station_id: Station(station_id, [e for e in self._evses.values() if e.station_id == station_id], self._on_change)
            for station_id in sorted({evse.station_id for evse in self._evses.values()})
        }
        named = {evse.station_id: evse.protocol for evse in self._evses.values()}
        certificates = tls is not None and tls.asks_certificates
        self._gate = Gate(named, credentials, tuple(DIALECTS), lenient=lenient, certificates=certificates)
        self._pace = Pace()
        self._door = Door(self._gate, self._stations, clock.now, self._pace)

    @property
    def rejected_frames(self) -> Mapping[str, int]:
        """How many unusable frames each station has sent."""
        return {station_id: station.rejected_frames for station_id, station in self._stations.items()}

    @property
    def clocks_off_s(self) -> Mapping[str, float]:
        """How far the clocks of stations are ahead (> 0) or behind [s]; those that are right, or not known, are left out."""
        offs = {station_id: station.clock.off.total_seconds() for station_id, station in self._stations.items()}
        return {station_id: off_s for station_id, off_s in offs.items() if off_s}

    @asynccontextmanager
    async def serve(self, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[Listener]:
        """Listen while the context lasts; port 0 takes a free one.

        Raises `InputError` if `host` is open to the network and chargers need no password, `OSError` if it cannot listen.
        """
        self._gate.check_bind(host)
        server = serve(
            self._converse,
            host,
            port,
            ssl=self._tls.context if self._tls else None,
            process_request=self._door.admit,
            select_subprotocol=self._door.select,
            create_connection=cast("type[ServerConnection]", partial(ChargerSocket, self._door.lobby)),
            open_timeout=HANDSHAKE_WALL_S,
            backlog=BACKLOG,
            logger=socket_logger(),
            compression=None,
            server_header=None,
            max_size=MAX_FRAME_BYTES,
            ping_interval=None,  # `Keepalive` does that
            close_timeout=CLOSE_WALL_S,
        )
        async with server as listening:
            chores = [self._keepalive.run(), *([self._tls.keep_fresh()] if self._tls else [])]
            tasks = [asyncio.create_task(chore) for chore in chores]
            port = next(iter(listening.sockets)).getsockname()[1]
            try:
                yield Listener(host=host, port=port, encrypted=self._tls is not None)
            finally:
                await end(tasks)

    def states(self, now: datetime) -> tuple[EvseState, ...]:
        """Return every outlet, in the site's order; never raises."""
        stations = self._stations.values()
        known = {s.evse_id: s for station in stations for s in station.states(now, stale_after_s=self._stale_after_s)}
        return tuple(known[evse_id] for evse_id in self._evses)

    async def apply(self, setpoints: Sequence[Setpoint]) -> tuple[Outcome, ...]:
        """Send setpoints side by side; one outcome each, in order; never raises for a charger's fault."""
        async with asyncio.TaskGroup() as tasks:
            sent = [tasks.create_task(self._apply_one(setpoint)) for setpoint in setpoints]
        return tuple(task.result() for task in sent)

    async def clear(self, evse_id: str) -> bool:
        """Take the setpoint of an outlet back, so that its fallback holds; False if the charger knew of none.

        This and the methods below raise `RefusedError`, `BadFrameError`, or `UnavailableError` if there is no answer.
        """
        evse, dialect = self._reach(evse_id)
        return await dialect.clear_power(evse)

    async def remote_start(self, evse_id: str, id_tag: str) -> bool:
        """Ask the charger to begin a transaction for `id_tag`; True if it will try."""
        evse, dialect = self._reach(evse_id)
        return await dialect.remote_start(evse, id_tag)

    async def remote_stop(self, evse_id: str) -> bool:
        """Ask the charger to end the transaction; False if there is none or it will not."""
        evse, dialect = self._reach(evse_id)
        return await dialect.remote_stop(evse)

    async def refresh(self, evse_id: str) -> None:
        """Ask the charger for status and meter values now."""
        evse, dialect = self._reach(evse_id)
        await dialect.refresh(evse)

    async def in_force(self, evse_id: str) -> float | None:
        """Return the power that the charger says it keeps to [kW, < 0 gives back], None if it will not say."""
        evse, dialect = self._reach(evse_id)
        return await dialect.in_force(evse)

    async def command(self, station_id: str, action: str, payload: Payload) -> Payload:
        """Send an operator's command, as the station's version of OCPP spells it, and return the answer.

        Raises `BadFrameError` as well for what is no command, does not fit the official schema, or would meddle with setpoints.
        """
        answer = await self._dialect(station_id).command(action, payload)
        log.info("command_answered", station=station_id, action=action, status=answer.get("status", ""))
        return answer

    @property
    def troubles(self) -> tuple[str, ...]:
        """What an operator should look into: stations that several claim to be, a certificate that runs out."""
        expiring = self._tls.trouble(self._clock.now()) if self._tls else ""
        twins = [f"several connect as {station_id}" for station_id in self._door.flapping()]
        return (*([expiring] if expiring else []), *twins)

    def journal(self, station_id: str) -> tuple[Entry, ...]:
        """Return the last things that the station told beside its readings, the oldest first."""
        return tuple(self._stations[station_id].journal)

    def _reach(self, evse_id: str) -> tuple[Evse, Dialect]:
        evse = self._evses[evse_id]
        return evse, self._dialect(evse.station_id)

    def _dialect(self, station_id: str) -> Dialect:
        dialect = self._stations[station_id].dialect
        if dialect is None:
            raise DisconnectedError(f"{station_id} is not connected")
        return dialect

    async def _apply_one(self, setpoint: Setpoint) -> Outcome:
        """Send one setpoint and say what became of it."""
        await self._pace.give_way()
        now = self._clock.now()
        if (setpoint.valid_until - now).total_seconds() < 1.0:
            return Rejected(setpoint=setpoint, reason="its lease has run out")
        try:
            evse, dialect = self._reach(setpoint.unit_id)
            await dialect.set_power(evse, setpoint)
        except DisconnectedError as error:
            if isinstance(error, CutOffError):
                self._doubt(setpoint)
            return Unreachable(setpoint=setpoint)
        except AnswerTimeoutError:
            self._doubt(setpoint)
            return TimedOut(setpoint=setpoint, after_s=self._answer_timeout_wall_s)
        except (RefusedError, BadFrameError) as error:
            if isinstance(error, ContradictionError | BadFrameError):
                self._doubt(setpoint)
            log.warning("setpoint_rejected", evse=setpoint.unit_id, power_kw=setpoint.power_kw, reason=str(error))
            return Rejected(setpoint=setpoint, reason=str(error))
        log.info("setpoint_applied", evse=setpoint.unit_id, power_kw=setpoint.power_kw)
        return Applied(setpoint=setpoint, at=self._clock.now())

    def _doubt(self, setpoint: Setpoint) -> None:
        """Count on nothing the outlet promised: whether it follows the setpoint, nobody knows."""
        evse = self._evses[setpoint.unit_id]
        station = self._stations[evse.station_id]
        station.put(station.outlets[evse.connector_id].doubted(setpoint.valid_until))

    async def _converse(self, accepted: ServerConnection) -> None:
        """Serve one connection from the 101 to its end; the newest connection of a station is the one that counts."""
        socket = cast("ChargerSocket", accepted)  # we made it
        request = cast("Request", socket.request)  # there has been a handshake
        station = self._stations[station_of(request.path)]
        socket.forget_handshake()
        connection = Connection(
            socket,
            station_id=station.station_id,
            answer_timeout_wall_s=self._answer_timeout_wall_s,
            on_rejected=station.count_rejected,
            pace=self._pace,
        )
        subprotocol = socket.subprotocol or self._gate.named(station.station_id)
        dialect = DIALECTS[subprotocol](connection, station, self._context)
        log.info("charger_connected", station=station.station_id, subprotocol=subprotocol, offered=socket.subprotocol)
        station.connect(dialect, connection)
        try:
            with self._keepalive.watching(socket):
                await connection.run(dialect)
        finally:
            log.info("charger_disconnected", station=station.station_id, code=socket.protocol.close_code)
            station.disconnect(connection)


def _nothing() -> None:
    """Do nothing when something changes."""
