"""Entering and leaving an aiomqtt client whole; for whoever speaks MQTT."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from aiomqtt import Client

HALF_OPEN_S = 1.0
"""Wall seconds for a connection being opened, when it is no longer wanted."""


@asynccontextmanager
async def entered(client: Client) -> AsyncIterator[Client]:
    """Enter and leave `client`, also if the task is cancelled in the middle of entering.

    aiomqtt then forgets a connection that its thread goes on opening, and the event loop stumbles over it.
    """
    entering = asyncio.create_task(client.__aenter__())
    async with AsyncExitStack() as stack:
        stack.callback(_retrieve, client)
        try:
            await asyncio.shield(entering)
        finally:
            await asyncio.wait([entering], timeout=HALF_OPEN_S)
            if not entering.done():
                entering.cancel()
            elif entering.exception() is None:
                stack.push_async_exit(client)
        yield client


def _retrieve(client: Client) -> None:
    """Take note of a disconnection that nobody waited for: asyncio would complain of it later."""
    disconnected = client._disconnected  # noqa: SLF001 - aiomqtt leaves early without looking at it
    if disconnected.done() and not disconnected.cancelled():
        disconnected.exception()
