"""The WebSocket of one of thousands of chargers: the library's, without what it does that one text at a time does not need."""

from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.protocol import State

from adapters.ocpp.lobby import Lobby

PING = b"?"


class ChargerSocket(ServerConnection):
    """A connection that waits in `lobby` until its handshake is over; `heard` tells that something came since that was last reset.

    Sending costs a third of the library's way, which is made for fragments and streams.
    """

    def __init__(self, lobby: Lobby, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._lobby, self.heard = lobby, True

    def connection_made(self, transport: Any) -> None:
        """Enter the lobby."""
        super().connection_made(transport)
        self._lobby.enter(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Leave the lobby, if that is where it ends."""
        self._lobby.leave(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came, and note that something did."""
        self.heard = True
        super().data_received(data)

    async def send(self, message: Any, text: bool | None = None) -> None:
        """Send one message. Raises `ConnectionClosed`."""
        if not isinstance(message, str) or text is not None or self.protocol.state is not State.OPEN:
            await super().send(message, text)
            return
        self.protocol.send_text(message.encode())
        self.send_data()
        if self.paused:
            await self.drain()

    def prod(self) -> None:
        """Send a ping, if the connection is open."""
        if self.protocol.state is State.OPEN:
            self.protocol.send_ping(PING)
            self.send_data()

    def give_up(self) -> None:
        """Cut the connection off: nobody is there."""
        self.transport.abort()

    def forget_handshake(self) -> None:
        """Let go of what the handshake said: 4 KB, for as long as the charger stays."""
        for message in (self.request, self.response):
            if message is not None:
                message.headers.clear()
