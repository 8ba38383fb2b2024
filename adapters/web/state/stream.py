"""The live stream."""

import time
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from adapters.web.access.needs import needs
from adapters.web.state.live import Live
from v2g.access import Right

router = APIRouter(prefix="/api", tags=["station"])

WHILE_S = 600.0
"""Whoever was removed or logged out sees the station for so long at most; the browser connects anew by itself."""
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}, "description": "Events `state` and `plan`."}
}


@router.get("/stream", dependencies=[needs(Right.READ)], response_class=StreamingResponse, responses=ANSWERS)
async def stream(request: Request) -> StreamingResponse:
    """Stream server-sent events: `state` (as of /api/state) every second, `plan` (as of /api/plan) when there is a new one."""
    live: Live = request.app.state.live
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_a_while(live.events()), media_type="text/event-stream", headers=headers)


async def _a_while(events: AsyncIterator[str]) -> AsyncIterator[str]:
    """Yield events until the browser has to connect, and show who it is, anew."""
    began_s = time.monotonic()
    async for event in events:
        yield event
        if time.monotonic() - began_s >= WHILE_S:
            return
