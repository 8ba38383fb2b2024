"""Parts that control can do without: one that fails is started again, but not for ever; ticks and looks go on."""

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

from v2g.station import Condition, Part

Work = Callable[[], Coroutine[Any, Any, None]]
log = structlog.get_logger(__name__)
BUDGET, WITHIN_WALL_S = 5, 600.0
"""A part that fails more often than this in so long is left alone."""
PAUSE_WALL_S = 1.0


class Guards:
    """Runs such parts; `part` tells which of them failed lately, and which are left alone."""

    def __init__(self, *, pause_wall_s: float = PAUSE_WALL_S) -> None:
        self._pause_wall_s = pause_wall_s
        self._failed_at: defaultdict[str, deque[float]] = defaultdict(deque)
        self._left: set[str] = set()

    async def run(self, name: str, work: Work) -> None:
        """Do `work` to its end, from the beginning again when it fails."""
        while not self._spent(name):
            try:
                await work()
            except Exception:
                log.exception("part_failed", part=name)
                self._failed_at[name].append(time.monotonic())
                await asyncio.sleep(self._pause_wall_s)
            else:
                return
        self._left.add(name)
        log.critical("part_left_alone", part=name, failures=BUDGET, within_s=WITHIN_WALL_S)

    def part(self) -> Part:
        """Return how these parts are."""
        limping = sorted(name for name in self._failed_at if self._lately(name) and name not in self._left)
        said = [f"{name} failed and was started again" for name in limping]
        said += [f"{name} fails again and again and is left alone: restart the daemon" for name in sorted(self._left)]
        condition = Condition.DOWN if self._left else Condition.DEGRADED if limping else Condition.OK
        return Part(name="tasks", condition=condition, detail="; ".join(said))

    def _spent(self, name: str) -> bool:
        return self._lately(name) >= BUDGET

    def _lately(self, name: str) -> int:
        failed_at = self._failed_at[name]
        while failed_at and time.monotonic() - failed_at[0] > WITHIN_WALL_S:
            failed_at.popleft()
        return len(failed_at)
