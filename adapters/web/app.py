"""The web application: API, live stream and dashboard over one station."""

from collections.abc import Callable, Mapping

from fastapi import FastAPI
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.types import ASGIApp

from adapters.web.access.callers import Callers
from adapters.web.drivers import routes as driver_routes
from adapters.web.http.headers import Shield
from adapters.web.http.idempotency import Idempotent
from adapters.web.http.problems import BODY_MAX, documented, install_problems
from adapters.web.pages import install_pages
from adapters.web.people import login
from adapters.web.people import routes as people_routes
from adapters.web.plan import routes as plan_routes
from adapters.web.previews import routes as preview_routes
from adapters.web.previews.jobs import Jobs
from adapters.web.records import archive as archive_routes
from adapters.web.records import audit, forecasts, results
from adapters.web.signals import routes as signal_routes
from adapters.web.site import routes as site_routes
from adapters.web.state import routes as state_routes
from adapters.web.state import stream
from adapters.web.state.live import Live
from adapters.web.state.metrics import metrics_router
from adapters.web.steering import override_routes, wish_routes
from v2g.accounts import Accounts
from v2g.archive import Archive
from v2g.outlet_links import OutletLinks
from v2g.overrides import Overrides
from v2g.ports import Station
from v2g.previewing import Previews, Surface
from v2g.records import Records

STATION = (site_routes, state_routes, stream, plan_routes, signal_routes, wish_routes)
RECORDS = (results, forecasts, audit)
ALWAYS = (*STATION, *RECORDS, driver_routes, login, people_routes)


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
    app.state.station, app.state.live, app.state.records = station, Live(station), records
    app.state.accounts, app.state.callers, app.state.doors = accounts, Callers(token=token, accounts=accounts), login.Doors()
    app.state.drivers_door = driver_routes.DriversDoor(links)
    app.state.previews, app.state.jobs = previews, Jobs[Surface]()
    app.state.overrides, app.state.archive = overrides, archive
    install_problems(app)
    where_kept = ((previews, preview_routes), (overrides, override_routes), (archive, archive_routes))
    for part in (*ALWAYS, *(part for kept, part in where_kept if kept)):
        app.include_router(part.router)
    install_pages(app)
    for path, mounted in (mounts or {}).items():
        app.mount(path, mounted)
    if metrics:
        app.include_router(metrics_router(metrics))
    app.add_middleware(Idempotent)
    app.add_middleware(RequestBodyLimitMiddleware, max_body_size=BODY_MAX)  # within the shield, which words its refusals
    app.add_middleware(Shield, only_loopback=app.state.callers.open)
    return app
