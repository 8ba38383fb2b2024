"""What the control loop wants kept is kept beside it: a slow or lost database never delays a tick."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from v2g.errors import UnavailableError

log = structlog.get_logger(__name__)
MOST_WAITING = 1000


class Keeping:
    """A queue of writes, done in order by one task. `lost` counts those that could not be kept; `trouble` says why."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Callable[[], Awaitable[None]]] = asyncio.Queue(MOST_WAITING)
        self.lost, self.trouble = 0, ""

    def keep(self, write: Callable[[], Awaitable[None]]) -> None:
        """Have `write` done soon; if too many wait already, it is counted as lost."""
        try:
            self._queue.put_nowait(write)
        except asyncio.QueueFull:
            self._lose("the database is too slow")

    async def run(self) -> None:
        """Write until cancelled; a database that does not answer is noted, and the next write tries again."""
        while True:
            write = await self._queue.get()
            try:
                await write()
                self.trouble = ""
            except UnavailableError as error:
                self._lose(str(error))
            finally:
                self._queue.task_done()

    async def drain(self) -> None:
        """Wait until all that waits is written or lost."""
        await self._queue.join()

    def _lose(self, trouble: str) -> None:
        self.lost, self.trouble = self.lost + 1, trouble
        log.error("record_lost", lost=self.lost, trouble=trouble)
