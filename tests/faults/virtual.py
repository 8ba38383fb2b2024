"""An event loop in which time passes only when nothing is left to do: days in seconds, and the same each time."""

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")


class StuckError(RuntimeError):
    """Nothing is left to happen, and somebody still waits."""


class _Leap(selectors.SelectSelector):
    """Instead of waiting, moves `now_s`."""

    now_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise StuckError("everybody waits, and for nothing")
        self.now_s += max(timeout, 0.0)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop without input or output, in its own time, which begins at 0 s."""

    def __init__(self) -> None:
        self._leap = _Leap()
        super().__init__(self._leap)

    def time(self) -> float:
        """Return the seconds since the loop was made."""
        return self._leap.now_s


class LoopClock:
    """Fills `v2g.ports.Clock` with the running loop's time from `start` on; `ahead` is how wrong it goes."""

    def __init__(self, start: datetime) -> None:
        self.start, self.ahead = start, timedelta(0)

    def now(self) -> datetime:
        """Return the present instant, aware UTC."""
        return self.start + timedelta(seconds=asyncio.get_running_loop().time()) + self.ahead

    def steady_s(self) -> float:
        """Return the running loop's time."""
        return asyncio.get_running_loop().time()

    async def sleep(self, duration_s: float) -> None:
        """Wait `duration_s` seconds, whatever the clock shows."""
        await asyncio.sleep(duration_s)


def run_virtual(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` to its end in a loop of its own."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
