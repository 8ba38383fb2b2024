"""OpenADR as the site file wants it: the VEN that follows a VTN, and the VTN that grid operators publish to."""

import hmac
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from functools import partial
from urllib.parse import urlsplit

import httpx
import structlog
from starlette.types import ASGIApp

from adapters.clock import RealClock
from adapters.openadr.client import Account, VtnClient
from adapters.openadr.mapping import Terms
from adapters.openadr.mqtt_notices import MqttNotices
from adapters.openadr.silence import Fallback
from adapters.openadr.ven import Manner, Ven
from adapters.openadr.vtn.service import PATH, Vtn
from adapters.openadr.vtn.shelf import Kept
from adapters.store import openadr as rows
from adapters.store.store import Store
from config.people.accounts import LiveAccounts
from config.reading.secrets import secret
from config.site.file import SiteFile
from config.site.openadr_file import ActingFile, OpenAdrFile, OpenAdrVtnFile
from config.station.guarding import Work
from config.station.watch import Watch
from v2g.access import Caller, CallerKind, Role
from v2g.accounts import Tokens
from v2g.ports import Station
from v2g.station import Part

log = structlog.get_logger(__name__)
CALLBACKS = "/openadr"
TIMEOUT_S = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAdr:
    """What OpenADR adds to a running station: what to serve where, and its parts to run and to look at."""

    mounts: Mapping[str, ASGIApp]
    parts: tuple[Ven | Vtn, ...]
    notices: MqttNotices | None = None

    def works(self) -> dict[str, Work]:
        """Return what runs as long as the station does, by name."""
        named: dict[str, Work] = {part.health.name: part.run for part in self.parts}
        return named | ({"openadr_notices": self.notices.run} if self.notices else {})

    @property
    def watch(self) -> tuple[Watch, ...]:
        """A look at each part."""
        return tuple(partial(_health, part) for part in self.parts)


def _health(part: Ven | Vtn) -> Part:
    return part.health


@asynccontextmanager
async def opened_openadr(file: SiteFile, station: Station, store: Store) -> AsyncIterator[OpenAdr]:
    """Enter with all that `file` names. Raises `SiteError` if a secret is missing, `UnavailableError` without the database.

    It keeps the wall's time, however fast the station's clock runs: the other side does.
    """
    # What the environment says of proxies is for people's browsers, not for a grid's commands.
    async with httpx.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False, trust_env=False) as http:
        ven, notices = _ven(file.openadr, station, http) if file.openadr else (None, None)
        vtn = _vtn(file, file.openadr_vtn, station, store, http) if file.openadr_vtn else None
        if vtn:
            await vtn.open()
        mounts: dict[str, ASGIApp] = {**({CALLBACKS: ven.webhook} if ven else {}), **({PATH: vtn.app} if vtn else {})}
        yield OpenAdr(mounts=mounts, parts=tuple(part for part in (ven, vtn) if part), notices=notices)


def _ven(file: OpenAdrFile, station: Station, http: httpx.AsyncClient) -> tuple[Ven, MqttNotices | None]:
    account = Account(
        vtn_url=file.vtn_url,
        client_id=file.client_id,
        client_secret=secret(file.client_secret_env, "openadr.client_secret_env") or "",
        token_url=file.token_url,
        scope=file.scope,
    )
    if file.client_id is not None and urlsplit(file.vtn_url).scheme == "http":
        log.warning("openadr_secret_in_clear", url=file.vtn_url, mend="use https, so that nobody on the way can read it")
    clock, name = RealClock(), file.ven_name or station.site.site_id
    client = VtnClient(http, account, clock)
    ven = Ven(
        client,
        station,
        clock,
        terms=_terms(file, name, source="openadr", prefix="openadr-"),
        manner=Manner(
            program=file.program, poll_s=file.poll_s, silent_after_s=file.silent_after_s, callback_url=file.callback_url or ""
        ),
        fallback=Fallback(import_kw=file.fallback_import_kw, export_kw=file.fallback_export_kw),
    )
    if not file.mqtt_hosts:
        return ven, None
    hosts = frozenset(file.mqtt_hosts)
    return ven, MqttNotices(client, clock, ven.wake, hosts=hosts, account=file.client_id or "", ven_name=name)


def _vtn(site: SiteFile, file: OpenAdrVtnFile, station: Station, store: Store, http: httpx.AsyncClient) -> Vtn:
    clock = RealClock()
    accounts = None if site.web.without_login else LiveAccounts(store, clock)
    return Vtn(
        station,
        StoredArchive(store),
        Clients(accounts, file.client_id, secret(file.client_secret_env, "openadr_vtn.client_secret_env")),
        clock=clock,
        http=http,
        terms=_terms(file, station.site.site_id, source="openadr", prefix="openadr_vtn-"),
        callback_hosts=frozenset(file.callback_hosts),
    )


def _terms(file: ActingFile, name: str, *, source: str, prefix: str) -> Terms:
    return Terms(
        source=source,
        prefix=prefix,
        ven_name=name,
        names=frozenset({name, *file.targets}),
        priority=file.priority,
        strongest=file.strongest,
        simple_kw=file.simple_kw or (),
        emergency_kw=file.emergency_kw,
        dispatch_penalty_per_kwh=file.dispatch_penalty_per_kwh,
    )


class Clients:
    """Fills `v2g.accounts.Tokens`: the site file's one client, and the machines of `accounts`."""

    def __init__(self, accounts: Tokens | None, client_id: str | None, client_secret: str | None) -> None:
        self._accounts, self._client_id, self._client_secret = accounts, client_id, client_secret

    async def check(self, client_id: str, secret: str) -> Caller | None:
        """Return who has this id and secret; the site file's client is a grid operator."""
        if client_id == self._client_id and self._client_secret:
            right = hmac.compare_digest(secret.encode(), self._client_secret.encode())
            return Caller(name=client_id, role=Role.GRID_OPERATOR, kind=CallerKind.MACHINE) if right else None
        return await self._accounts.check(client_id, secret) if self._accounts else None

    async def lasts(self, client_id: str) -> bool:
        """Return whether this client may still come."""
        if client_id == self._client_id:
            return True
        return await self._accounts.lasts(client_id) if self._accounts else False


class StoredArchive:
    """Fills `adapters.openadr.vtn.shelf.Archive` over the database."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def load(self) -> tuple[Kept, ...]:
        """Return the last version of every object that is not gone."""
        return tuple(Kept(**row) for row in await self._store.run(rows.read_last))

    async def keep(self, kept: Kept, *, gone: bool = False) -> None:
        """Add a version."""
        await self._store.run(partial(rows.add_version, fields=asdict(kept), gone=gone))
