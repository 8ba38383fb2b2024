"""Ending tasks for good."""

import asyncio
from collections.abc import Collection
from typing import Any

AGAIN_S = 0.5
"""Wall seconds until a cancellation is repeated: before Python 3.12 a `wait_for` whose answer comes in the same moment loses it."""


async def end(tasks: Collection[asyncio.Task[Any]]) -> None:
    """Cancel `tasks` until all have ended; their results and errors stay with them."""
    pending = {task for task in tasks if not task.done()}
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=AGAIN_S)
