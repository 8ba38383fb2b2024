"""The VTN whole: its application, what runs beside it, and how it is."""

import asyncio

import httpx
from fastapi import FastAPI

from adapters.openadr.mapping import Terms
from adapters.openadr.vtn.app import make_vtn
from adapters.openadr.vtn.callbacks import Callbacks
from adapters.openadr.vtn.desk import Desk
from adapters.openadr.vtn.grants import Grants
from adapters.openadr.vtn.shelf import Archive, Shelf
from v2g.accounts import Tokens
from v2g.ports import Clock, Station
from v2g.station import Condition, Part

PATH = "/openadr3/3.1.0"
REFRESH_S = 60.0


class Vtn:
    """A VTN over `station`: mount `app` at `PATH`, then ``await vtn.run()``."""

    def __init__(
        self,
        station: Station,
        archive: Archive,
        tokens: Tokens,
        *,
        clock: Clock,
        http: httpx.AsyncClient,
        terms: Terms,
        callback_hosts: frozenset[str] = frozenset(),
    ) -> None:
        self._shelf, self._clock = Shelf(archive, station.now), clock
        self._callbacks = Callbacks(self._shelf, http, clock, callback_hosts)
        self._desk = Desk(self._shelf, station, terms, self._callbacks.told)
        self.app: FastAPI = make_vtn(self._desk, Grants(tokens, clock), self._callbacks, station)

    async def open(self) -> None:
        """Take up what was kept. Raises `UnavailableError`."""
        await self._desk.open()

    async def run(self) -> None:
        """Tell subscribers, move repeated events on and make reports until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._callbacks.run())
            while True:
                await self._clock.sleep(REFRESH_S)
                await self._desk.refresh()

    @property
    def health(self) -> Part:
        """How it is."""
        n = sum(1 for _ in self._shelf.all("EVENT"))
        trouble = "; ".join(said for said in (self._desk.trouble, self._callbacks.trouble) if said)
        condition = Condition.DEGRADED if trouble else Condition.OK
        return Part(name="openadr_vtn", condition=condition, detail=trouble or f"{n} events")
