"""The door of the central system: what happens between a connection's first byte and the 101."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import cast

import structlog
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from adapters.ocpp.gate import Gate, station_of
from adapters.ocpp.guard import Guard
from adapters.ocpp.lobby import Lobby, address_of
from adapters.ocpp.pace import Pace
from adapters.ocpp.station import Station
from adapters.ocpp.tls import names_of

log = structlog.get_logger()

PING_WALL_S = 2.0
FLAPS, FLAPPING = 5, timedelta(minutes=10)


class Door:
    """Admits stations, one live connection each.

    Strangers are refused by `gate`, the hasty by `Guard`, those who say nothing by `Lobby`. A newcomer that has proved who it is
    replaces the connection before; that one is asked first whether it is alive, and two that are alive are a matter for
    an operator. One that has proved nothing replaces none that is alive. `now` is the clock of all rates; `pace` keeps a
    crowd from holding the event loop.
    """

    def __init__(self, gate: Gate, stations: Mapping[str, Station], now: Callable[[], datetime], pace: Pace) -> None:
        self._gate, self._stations, self._now, self._pace = gate, stations, now, pace
        self._guard, self.lobby = Guard(len(stations)), Lobby(len(stations))
        self._flaps: dict[str, deque[datetime]] = {}

    async def admit(self, socket: ServerConnection, request: Request) -> Response | None:
        """Refuse a request before the 101, or return None to let it in."""
        await self._pace.give_way()
        if socket.transport.is_closing():
            raise ConnectionResetError("gone before its turn")
        station_id, address, at_s = station_of(request.path), address_of(socket), self._now().timestamp()
        status = self._refusal(socket, request, address, at_s)
        if status is None and await self._is_alive(station_id):
            status = self._met(station_id, address)
        if status is None:
            self._guard.let_in(address, station_id, at_s)
            self.lobby.leave(socket)
            return None
        log.warning("charger_refused", station=repr(station_id)[:100], address=address, status=int(status))
        response = socket.respond(status, f"{status.phrase}\n")
        if status is HTTPStatus.UNAUTHORIZED:
            response.headers["WWW-Authenticate"] = 'Basic realm="ocpp", charset="UTF-8"'
        return response

    def select(self, socket: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
        """Return the subprotocol that is spoken, None for none."""
        request = cast("Request", socket.request)  # it is being answered
        name = self._gate.choose(station_of(request.path), offered)
        return None if name is None else Subprotocol(name)

    def flapping(self) -> list[str]:
        """Return the stations as which two or more keep displacing each other."""
        since = self._now() - FLAPPING
        return sorted(name for name, met in self._flaps.items() if len(met) == FLAPS and met[0] > since)

    def _refusal(self, socket: ServerConnection, request: Request, address: str, at_s: float) -> HTTPStatus | None:
        station_id, headers = station_of(request.path), request.headers
        if not self._guard.may_try(address, station_id, at_s):
            return HTTPStatus.TOO_MANY_REQUESTS
        encrypted = socket.transport.get_extra_info("ssl_object")
        certificate = encrypted.getpeercert() if encrypted is not None else None
        certified = names_of(certificate) if certificate else None
        offered = headers.get_all("Sec-WebSocket-Protocol")
        status = self._gate.refusal(request.path, headers.get_all("Authorization"), offered, certified)
        if status is HTTPStatus.UNAUTHORIZED:
            self._guard.refused(address, station_id, at_s)
        return status

    async def _is_alive(self, station_id: str) -> bool:
        line = self._stations[station_id].line
        return line is not None and await line.is_alive(PING_WALL_S)

    def _met(self, station_id: str, address: str) -> HTTPStatus | None:
        """Decide between a living connection and a newcomer."""
        if not self._gate.authenticates:
            return HTTPStatus.CONFLICT
        self._flaps.setdefault(station_id, deque(maxlen=FLAPS)).append(self._now())
        log.warning("connection_displaced_alive", station=station_id, address=address)
        return None
