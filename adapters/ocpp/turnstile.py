"""So many at once: what thousands of chargers want in the same moment is done for some of them, and soon, and then for the next."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turnstile:
    """Lets `places` in at once, and whoever has waited for `patience_wall_s`: silent chargers hold up no other for ever."""

    def __init__(self, places: int, patience_wall_s: float) -> None:
        self._places, self._patience_wall_s = asyncio.Semaphore(places), patience_wall_s

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn, which lasts as long as the context."""
        try:
            async with asyncio.timeout(self._patience_wall_s):
                await self._places.acquire()
        except TimeoutError:
            yield
            return
        try:
            yield
        finally:
            self._places.release()
