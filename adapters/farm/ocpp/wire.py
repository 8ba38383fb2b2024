"""The connection of a charge point to its central system, kept for ever."""

import base64
import ssl
from collections.abc import Awaitable, Callable

import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from adapters.farm.lifeline import Backoff, Lifeline, heed_cancellation
from adapters.farm.ocpp.link import RefusedError
from v2g.errors import FrameError
from v2g.ports import Clock

log = structlog.get_logger(__name__)

Converse = Callable[[ClientConnection, Backoff], Awaitable[None]]
OPEN_WALL_S, CLOSE_WALL_S = 60.0, 1.0


class Wire:
    """A WebSocket to ``{url}/{station_id}`` in one subprotocol, with a password if there is one (OCPP-J, Basic authentication).

    `tls` says whom to trust, and holds the station's own certificate if it has one; None trusts whom this machine trusts.
    """

    def __init__(
        self, station_id: str, *, url: str, password: str | None, tls: ssl.SSLContext | None, subprotocol: str, clock: Clock
    ) -> None:
        self._station_id, self._clock, self.lifeline = station_id, clock, Lifeline()
        self._address, self._subprotocol = f"{url.rstrip('/')}/{station_id}", Subprotocol(subprotocol)
        self._tls = (tls or True) if url.startswith("wss:") else None
        self._headers: dict[str, str] = {}
        if password is not None:
            login = base64.b64encode(f"{station_id}:{password}".encode()).decode()
            self._headers["Authorization"] = f"Basic {login}"

    async def keep(self, converse: Converse, lost: Callable[[], None]) -> None:
        """Connect, `converse` and, when that ends, tell `lost`; again and again, waiting longer after each failure.

        `converse` resets the `Backoff` it is given when it was received well.
        """
        backoff = Backoff(self._clock)
        while True:
            heed_cancellation()
            await self.lifeline.wait()
            try:
                async with self._connect() as socket:
                    self.lifeline.hold(socket.transport.abort)
                    await converse(socket, backoff)
            except* (OSError, WebSocketException, TimeoutError, RefusedError, FrameError) as errors:
                if backoff.is_fresh:
                    log.info("farm_charger_offline", station=self._station_id, reason=str(errors.exceptions[0]))
            lost()
            self.lifeline.hold(None)
            await backoff.wait()

    def _connect(self) -> connect:
        return connect(
            self._address,
            subprotocols=[self._subprotocol],
            additional_headers=self._headers,
            compression=None,
            proxy=None,
            ssl=self._tls,
            open_timeout=OPEN_WALL_S,
            close_timeout=CLOSE_WALL_S,
        )
