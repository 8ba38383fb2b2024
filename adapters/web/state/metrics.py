"""The page that Prometheus reads."""

from collections.abc import Callable

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST

from adapters.web.access.needs import needs
from v2g.access import Right


def metrics_router(page: Callable[[], bytes]) -> APIRouter:
    """Return the route that answers with `page`, in Prometheus' text format."""
    router = APIRouter(include_in_schema=False)

    @router.get("/metrics", dependencies=[needs(Right.READ)])
    async def metrics() -> Response:
        return Response(page(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return router
