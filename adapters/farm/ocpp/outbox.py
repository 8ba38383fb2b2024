"""Messages of a charge point in order: what cannot be sent now is sent after the network is back (OCPP 1.6, section 3.7)."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

import structlog

from adapters.farm.ocpp.link import Link, RefusedError
from v2g.ports import Clock

log = structlog.get_logger(__name__)

Message = Callable[[Link], Awaitable[None]]
ATTEMPTS, RETRY_S = 3, 60.0


class Outbox:
    """A queue that keeps its head until it was answered; a message refused too often is dropped and logged."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._waiting, self._filled = clock, deque[tuple[Message, int]](), asyncio.Event()

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, message: Message, *, attempts: int = ATTEMPTS) -> None:
        """Append a message, to be dropped when it was refused so many times."""
        self._waiting.append((message, attempts))
        self._filled.set()

    async def deliver(self, link: Link) -> None:
        """Send message after message for ever; ends by the link's errors, and then goes on where it was."""
        while True:
            while self._waiting:
                await self._send(link, *self._waiting[0])
                self._waiting.popleft()
            self._filled.clear()
            await self._filled.wait()

    async def _send(self, link: Link, message: Message, attempts: int) -> None:
        for attempt in range(1, attempts + 1):
            try:
                await message(link)
            except RefusedError as error:
                log.warning("farm_message_refused", code=error.code, description=error.description, attempt=attempt)
                if attempt < attempts:
                    await self._clock.sleep(RETRY_S)
            else:
                return
