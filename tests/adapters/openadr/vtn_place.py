"""A VTN over a made-up station, with an archive in memory and two machines that may log in."""

from dataclasses import dataclass, field
from typing import Any

import httpx

from adapters.clock import VirtualClock
from adapters.openadr.mapping import Terms
from adapters.openadr.vtn.service import Vtn
from adapters.openadr.vtn.shelf import Kept
from tests.support.fake_station import FakeStation
from tests.support.fake_world import World
from v2g.access import Caller, CallerKind, Right, Role
from v2g.errors import SignalError, UnavailableError
from v2g.signals import Signal

CALLERS = {
    "grid": Caller(name="grid company", role=Role.GRID_OPERATOR, kind=CallerKind.MACHINE),
    "reader": Caller(name="a reader", role=Role.VIEWER, kind=CallerKind.MACHINE),
    "other": Caller(name="another reader", role=Role.VIEWER, kind=CallerKind.MACHINE),
    "nobody": Caller(name="nothing", role=Role.VIEWER, kind=CallerKind.MACHINE, scope=frozenset({Right.PEOPLE})),
}


class Machines:
    """Fills `v2g.accounts.Tokens`; `away` as a database that does not answer."""

    def __init__(self) -> None:
        self.revoked: set[str] = set()
        self.away = False

    async def lasts(self, client_id: str) -> bool:
        if self.away:
            raise UnavailableError("the database is away")
        return client_id not in self.revoked

    async def check(self, client_id: str, secret: str) -> Caller | None:
        return CALLERS.get(client_id) if secret == f"{client_id}-secret" else None


@dataclass
class Memory:
    """Fills `Archive`; `away` as a database that does not answer."""

    versions: list[tuple[Kept, bool]] = field(default_factory=list)
    away: bool = False

    async def load(self) -> tuple[Kept, ...]:
        last = {(kept.kind, kept.object_id): (kept, gone) for kept, gone in self.versions}
        return tuple(kept for kept, gone in last.values() if not gone)

    async def keep(self, kept: Kept, *, gone: bool = False) -> None:
        if self.away:
            raise UnavailableError("the database is away")
        self.versions.append((kept, gone))


class Bounded(FakeStation):
    """Refuses prices above 5, as a site file's bounds do."""

    async def post_signal(self, signal: Signal, *, by: str = "") -> None:
        if any(i.value == 4.99 for i in signal.intervals):
            raise SignalError("the station refuses it", place=signal.signal_id)
        await super().post_signal(signal, by=by)


class Place:
    """The VTN, its station and clients."""

    def __init__(self, clock: VirtualClock, world: World, outside: httpx.AsyncClient, archive: Memory | None = None) -> None:
        self.clock, self.archive = clock, archive or Memory()
        self.station, self.machines = Bounded(clock, world=world), Machines()
        terms = Terms(source="openadr", prefix="vtn-", ven_name="station-1", names=frozenset({"station-1"}))
        self.vtn = Vtn(
            self.station,
            self.archive,
            self.machines,
            clock=clock,
            http=outside,
            terms=terms,
            callback_hosts=frozenset({"ven.example", "local:8443"}),
        )
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(self.vtn.app), base_url="http://station")

    async def token(self, who: str = "grid", **said: str) -> httpx.Response:
        form = {"grant_type": "client_credentials", "client_id": who, "client_secret": f"{who}-secret", **said}
        return await self.http.post("/auth/token", data=form)

    async def call(self, method: str, path: str, body: Any = None, *, who: str = "grid", **params: Any) -> httpx.Response:
        bearer = (await self.token(who)).json()["access_token"]
        return await self.http.request(method, path, json=body, params=params, headers={"Authorization": f"Bearer {bearer}"})

    async def made(self, path: str, body: Any, *, who: str = "grid") -> Any:
        answer = await self.call("POST", path, body, who=who)
        assert answer.status_code == 201, answer.text
        return answer.json()
