"""A charger's network connection, which a drill can cut."""

import asyncio
from collections.abc import Callable

from v2g.ports import Clock

FIRST_WAIT_S, LONGEST_WAIT_S = 5.0, 120.0


class Lifeline:
    """Says whether the network is there; `cut` breaks the connection in use without a goodbye, as a pulled cable does."""

    def __init__(self) -> None:
        self._there = asyncio.Event()
        self._there.set()
        self._abort: Callable[[], None] | None = None

    def hold(self, abort: Callable[[], None] | None) -> None:
        """Remember how to break the connection now in use; None when there is none. One made just after a cut breaks at once."""
        self._abort = abort
        if abort is not None and not self._there.is_set():
            abort()

    def cut(self) -> None:
        """Take the network away."""
        self._there.clear()
        if self._abort is not None:
            self._abort()

    def mend(self) -> None:
        """Give the network back."""
        self._there.set()

    async def wait(self) -> None:
        """Wait until the network is there."""
        await self._there.wait()


def heed_cancellation() -> None:
    """Raise a cancellation of this task that was lost on the way.

    Python 3.11's `wait_for`, which aiomqtt uses, drops one that meets its result, and a `TaskGroup` one that meets an error.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


class Backoff:
    """Waits longer after each failure, in seconds of the clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._next_s = clock, FIRST_WAIT_S

    @property
    def is_fresh(self) -> bool:
        """Whether nothing failed since the last success: the moment to say what happens now."""
        return self._next_s == FIRST_WAIT_S

    def reset(self) -> None:
        """Begin anew after a success."""
        self._next_s = FIRST_WAIT_S

    async def wait(self) -> None:
        """Wait, and twice as long next time, up to two minutes."""
        wait_s, self._next_s = self._next_s, min(2.0 * self._next_s, LONGEST_WAIT_S)
        await self._clock.sleep(wait_s)
