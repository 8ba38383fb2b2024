"""The web application: API, live stream and dashboard over one station."""

from collections.abc import Callable, Mapping

from fastapi import FastAPI
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.types import ASGIApp

from adapters.web.callers import Callers
from adapters.web.headers import Shield
from adapters.web.idempotency import Idempotent
from adapters.web.jobs import Jobs
from adapters.web.live import Live
from adapters.web.pages import install_pages
from adapters.web.problems import BODY_MAX, documented, install_problems
from adapters.web.routes import archive as archive_routes
from adapters.web.routes import audit, cars, forecasts, login, people, results, signals, stream, wishes
from adapters.web.routes import overrides as override_routes
from adapters.web.routes import previews as preview_routes
from adapters.web.routes import station as station_routes
from adapters.web.routes.metrics import metrics_router
from v2g.accounts import Accounts
from v2g.archive import Archive
from v2g.outlet_links import OutletLinks
from v2g.overrides import Overrides
from v2g.ports import Station
from v2g.previewing import Previews, Surface
from v2g.records import Records


def create_app(
    station: Station,
    *,
    token: str | None = None,
    accounts: Accounts | None = None,
    metrics: Callable[[], bytes] | None = None,
    previews: Previews | None = None,
    records: Records | None = None,
    links: OutletLinks | None = None,
    overrides: Overrides | None = None,
    archive: Archive | None = None,
    mounts: Mapping[str, ASGIApp] | None = None,
) -> FastAPI:
    """Return the application over a station.

    With `accounts`, people log in and machines have tokens. Without, and with a `token`, everybody may read, and calls that change
    something need ``Authorization: Bearer <token>``. With neither, anybody who reaches the application may change things, and it
    answers only to names of this machine.

    `metrics` is asked for the page /metrics, in Prometheus' text format, `previews` what unpublished signals would do,
    `records` what was kept; `links` are the addresses of the drivers' pages,
    `overrides` what people ordered outlets to do, `archive` what was. `mounts` are other applications, which guard themselves,
    by the path under which they are served.
    """
    # The framework's own documentation pages would fetch scripts from elsewhere.
    app = FastAPI(
        title="V2G station",
        version="1",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        responses=documented(400),  # the shield refuses what is no proper request, whatever is called
    )
    app.state.station, app.state.live = station, Live(station)
    app.state.accounts, app.state.callers, app.state.doors = accounts, Callers(token=token, accounts=accounts), login.Doors()
    install_problems(app)
    for router in (station_routes.router, signals.router, wishes.router, stream.router, login.router, people.router):
        app.include_router(router)
    app.state.records, app.state.drivers_door = records, cars.DriversDoor(links)
    for router in (results.router, forecasts.router, audit.router, cars.router):
        app.include_router(router)
    app.state.previews, app.state.jobs = previews, Jobs[Surface]()
    if previews:
        app.include_router(preview_routes.router)
    app.state.overrides, app.state.archive = overrides, archive
    if overrides:
        app.include_router(override_routes.router)
    if archive:
        app.include_router(archive_routes.router)
    install_pages(app)
    for path, mounted in (mounts or {}).items():
        app.mount(path, mounted)
    if metrics:
        app.include_router(metrics_router(metrics))
    app.add_middleware(Idempotent)
    app.add_middleware(RequestBodyLimitMiddleware, max_body_size=BODY_MAX)  # within the shield, which words its refusals
    app.add_middleware(Shield, only_loopback=app.state.callers.open)
    return app
