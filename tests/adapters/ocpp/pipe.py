"""A WebSocket without a network: what is put in is received, what is sent is kept."""

import asyncio

from websockets.exceptions import ConnectionClosedOK


class Pipe:
    """Fills `adapters.ocpp.connection.Socket`. It closes by itself after the last of `texts`, unless held open."""

    def __init__(self, *texts: str | bytes, hold_open: bool = False) -> None:
        self._incoming: asyncio.Queue[str | bytes | None] = asyncio.Queue()
        self.sent: list[str] = []
        self.closed: tuple[int, str] | None = None
        self.broken = False
        self._news = asyncio.Event()
        for text in texts:
            self.put(text)
        if not hold_open:
            self.put(None)

    def put(self, text: str | bytes | None) -> None:
        """Let the peer say `text`; None hangs up."""
        self._incoming.put_nowait(text)

    async def recv(self) -> str | bytes:
        text = await self._incoming.get()
        if text is None:
            raise ConnectionClosedOK(None, None)
        return text

    async def send(self, message: str, /) -> None:
        await asyncio.sleep(0)
        if self.broken:
            raise ConnectionClosedOK(None, None)
        self.sent.append(message)
        self._news.set()

    async def take(self) -> str:
        """Return the next text that was sent, and forget it."""
        while not self.sent:
            self._news.clear()
            await self._news.wait()
        return self.sent.pop(0)

    async def close(self, code: int, reason: str) -> None:
        self.closed = (code, reason)
