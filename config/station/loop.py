"""The event loop that the daemon and the farm run on: uvloop's, but for Windows, where there is none."""

import asyncio
import sys
from collections.abc import Coroutine
from typing import Any

from config.station.heap import keep_one_heap, search_rarely

if sys.platform == "win32":
    from asyncio import new_event_loop
else:
    from uvloop import new_event_loop


def run_loop(work: Coroutine[Any, Any, None]) -> None:
    """Run `work` to its end."""
    if sys.platform != "win32":
        keep_one_heap()
    search_rarely()
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(work)
