"""Timers come first: when thousands of chargers speak at once, the event loop still gets round to what is due in time."""

import asyncio
import time

SLICE_WALL_S = 0.05
"""5,000 frames that wait together take a second and a half."""


class Pace:
    """Shares out the rounds of one event loop: `give_way` holds up whoever comes when a round has lasted long enough.

    What waits goes on in the order in which it came, a round later.
    """

    def __init__(self, slice_wall_s: float = SLICE_WALL_S) -> None:
        self._slice_wall_s, self._ends_at = slice_wall_s, 0.0

    async def give_way(self) -> None:
        """Return at once in a young round, else when timers and sockets have been seen to."""
        while not self._has_time():  # noqa: ASYNC110  # an event would wake a crowd out of order
            await asyncio.sleep(0)

    def _has_time(self) -> bool:
        now = time.monotonic()
        if not self._ends_at:
            self._ends_at = now + self._slice_wall_s
            asyncio.get_running_loop().call_soon(self._begin_anew)
        return now < self._ends_at

    def _begin_anew(self) -> None:
        self._ends_at = 0.0
