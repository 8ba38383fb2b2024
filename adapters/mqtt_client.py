"""Where the broker is, and entering and leaving an aiomqtt client whole; for whoever speaks MQTT."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from aiomqtt import Client, ProtocolVersion

HALF_OPEN_S = 1.0
"""Wall seconds for a connection being opened, when it is no longer wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """A broker's address, who speaks to it and in what MQTT; without `tls`, which may hold a client's certificate, in plain TCP."""

    host: str
    port: int = 1883
    username: str | None = None
    password: str | None = None
    tls: ssl.SSLContext | None = None
    version: ProtocolVersion = ProtocolVersion.V5


@asynccontextmanager
async def entered(client: Client) -> AsyncIterator[Client]:
    """Enter and leave `client`, also if the task is cancelled in the middle of entering.

    aiomqtt then forgets a connection that its thread goes on opening, and the event loop stumbles over it.
    """
    _note_disconnection(client)
    entering = asyncio.create_task(client.__aenter__())
    async with AsyncExitStack() as stack:
        try:
            await asyncio.shield(entering)
        finally:
            await asyncio.wait([entering], timeout=HALF_OPEN_S)
            if not entering.done():
                entering.cancel()
            elif entering.exception() is None:
                _note_disconnection(client)
                stack.push_async_exit(client)
        yield client


def _note_disconnection(client: Client) -> None:
    """Take note of a disconnection, whenever it comes: asyncio would complain of one that nobody waits for.

    aiomqtt leaves early without looking at it, and forgets one that comes between the broker's answer and the end of entering.
    """
    client._disconnected.add_done_callback(lambda ended: ended.cancelled() or ended.exception())  # noqa: SLF001
