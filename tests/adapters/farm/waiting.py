"""Waiting for what other tasks bring about."""

import asyncio
from collections.abc import Callable


async def until(condition: Callable[[], object], within_s: float = 30.0) -> None:
    """Wait until `condition()` is true. Raises `TimeoutError` if it does not become so."""
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - what is waited for happens on the other side of a socket
            await asyncio.sleep(0.005)
