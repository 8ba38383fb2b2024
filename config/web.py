"""The web server of a station, and who may log in there."""

import secrets
from collections.abc import Mapping
from functools import partial

import structlog
from starlette.types import ASGIApp

from adapters.clock import RealClock
from adapters.store import browsing
from adapters.store.store import Store
from adapters.web.app import create_app
from adapters.web.server import Server, TlsPair, serve
from config.core import Core
from config.people.accounts import LiveAccounts
from config.people.metrics import StationMetrics
from config.people.records import StoredRecords
from config.reading.secrets import secret
from config.site.file import WebFile
from v2g.outlet_links import OutletLinks

DRIVERS = "drivers"
"""The name of the key that the addresses of drivers' pages are made of."""

log = structlog.get_logger(__name__)


async def open_web(
    web: WebFile, core: Core, store: Store, metrics: StationMetrics, mounts: Mapping[str, ASGIApp] | None = None
) -> tuple[Server, str]:
    """Return the server, bound to its address, and the address of a one-time link for the first admin, "" once there is one.

    Raises `SiteError` if a secret is missing or others could steer the station, `UnavailableError` if the address is taken.
    """
    accounts = None if web.without_login else LiveAccounts(store, RealClock())
    token = secret(web.token_env, "web.token_env")
    key = await store.run(partial(browsing.key, name=DRIVERS, fresh=secrets.token_bytes(32)))
    app = create_app(
        core.station,
        token=token,
        accounts=accounts,
        metrics=metrics.page,
        previews=core.previews,
        records=StoredRecords(core.station, store),
        mounts=mounts,
        links=OutletLinks(key, (evse.evse_id for evse in core.station.site.evses)),
        overrides=core.orders,
        archive=core.archive,
    )
    tls = TlsPair(certificate=web.tls.certificate, key=web.tls.key) if web.tls else None
    server = serve(app, web.host, web.port, tls)
    link = await accounts.first_link() if accounts else None
    if not link:
        return server, ""
    first = f"{server.url}login#link={link.text}"
    log.warning("nobody_administers_yet", open_once=first, until=link.until.isoformat())
    return server, first
