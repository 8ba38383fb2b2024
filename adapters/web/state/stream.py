"""The live stream."""

from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from adapters.web.access.needs import needs, still_may
from adapters.web.state.live import Live
from v2g.access import Right

router = APIRouter(prefix="/api", tags=["station"])

ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}, "description": "Events `state` and `plan`."}
}


@router.get("/stream", dependencies=[needs(Right.READ)], response_class=StreamingResponse, responses=ANSWERS)
async def stream(request: Request) -> StreamingResponse:
    """Stream server-sent events: `state` (as of /api/state) every second, `plan` (as of /api/plan) when there is a new one."""
    live: Live = request.app.state.live
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_while_allowed(live.events(), request), media_type="text/event-stream", headers=headers)


async def _while_allowed(events: AsyncIterator[str], request: Request) -> AsyncIterator[str]:
    """Yield events as long as who asked may see them: sessions end, tokens are revoked, roles change."""
    async for event in events:
        if not await still_may(request, Right.READ):
            return
        yield event
