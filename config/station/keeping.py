"""What the control loop wants kept is kept beside it: a slow or lost database never delays a tick."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from adapters.store.taking import Kept
from v2g.errors import UnavailableError

log = structlog.get_logger(__name__)
MOST_WAITING = 1000


class Keeping:
    """A queue of values, handed in order to `keep` by one task. `lost` counts those that were not kept; `trouble` says why."""

    def __init__(self, keep: Callable[[Kept], Awaitable[None]]) -> None:
        self._keep, self._queue = keep, asyncio.Queue[Kept](MOST_WAITING)
        self.lost, self.trouble = 0, ""

    def keep(self, value: Kept) -> None:
        """Have `value` kept soon; if too many wait already, it is counted as lost."""
        try:
            self._queue.put_nowait(value)
        except asyncio.QueueFull:
            self._lose("the database is too slow")

    async def run(self) -> None:
        """Keep until cancelled; what neither the database nor the file beside it takes is noted, and the next tries again."""
        while True:
            value = await self._queue.get()
            try:
                await self._keep(value)
                self.trouble = ""
            except UnavailableError as error:
                self._lose(str(error))
            finally:
                self._queue.task_done()

    async def drain(self, within_s: float | None = None) -> None:
        """Wait until all that waits is kept or lost; what still waits after `within_s` wall seconds is lost."""
        try:
            async with asyncio.timeout(within_s):
                await self._queue.join()
        except TimeoutError:
            self.lost += self._queue.qsize()
            self._lose("the daemon ended before they were kept")

    def _lose(self, trouble: str) -> None:
        self.lost, self.trouble = self.lost + 1, trouble
        log.error("record_lost", lost=self.lost, trouble=trouble)
