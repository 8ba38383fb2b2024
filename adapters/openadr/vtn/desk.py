"""What a change means: an event becomes signals, subscribers are told, and nothing half."""

import asyncio
from collections.abc import Callable, Mapping
from zoneinfo import ZoneInfo

import structlog

from adapters.openadr.enforcing import enforce
from adapters.openadr.mapping import Terms, mapped
from adapters.openadr.reading import Event, read_event, read_units
from adapters.openadr.reports import due_reports, report_body
from adapters.openadr.vtn.models import Document, Operation
from adapters.openadr.vtn.shelf import FullError, Kept, Shelf
from adapters.openadr.wanting import Wants, wants
from v2g.errors import SignalError, UnavailableError
from v2g.ports import Station

log = structlog.get_logger(__name__)
OWN = "station"
"""Whose the objects are that the station makes itself."""
PARTS = {"PROGRAM": ("EVENT", "programID"), "VEN": ("RESOURCE", "venID")}
"""What goes when an object goes, and what names that."""
Told = Callable[[Operation, Kept], None]


class Desk:
    """Takes objects from clients and gives them back; one change at a time."""

    def __init__(self, shelf: Shelf, station: Station, terms: Terms, told: Told) -> None:
        self.shelf, self._station, self._terms, self._told = shelf, station, terms, told
        self._zone, self._changing = ZoneInfo(station.site.time_zone), asyncio.Lock()
        self.trouble = ""

    async def open(self) -> None:
        """Take up what was kept, and show the station itself as a VEN. Raises `UnavailableError`."""
        await self.shelf.load()
        if not any(kept.body["venName"] == self._terms.ven_name for kept in self.shelf.all("VEN")):
            body = {"venName": self._terms.ven_name, "targets": sorted(self._terms.names)}
            await self.shelf.put(self.shelf.fresh("VEN", body, client_id=OWN, by=OWN))
        await self.refresh()

    async def create(self, kind: str, body: Document, *, client_id: str, by: str) -> Kept:
        """Keep a new object. Raises `SignalError` if an event cannot be acted on, `FullError`, `UnavailableError`."""
        async with self._changing:
            fresh = self.shelf.fresh(kind, body, client_id=client_id, by=by)
            await self._put(fresh, None)
        self._told("CREATE", fresh)
        return fresh

    async def update(self, kept: Kept, body: Document, *, by: str) -> Kept:
        """Put another version in an object's place. Raises as `create`, and the old version then stays."""
        async with self._changing:
            changed = self.shelf.changed(kept, body, by=by)
            await self._put(changed, kept)
        self._told("UPDATE", changed)
        return changed

    async def delete(self, kept: Kept, *, by: str) -> None:
        """Take an object away, a program with its events, a VEN with its resources. Raises `UnavailableError`."""
        async with self._changing:
            part, name = PARTS.get(kept.kind, ("", ""))
            gone = [*(one for one in self.shelf.all(part) if one.body[name] == kept.object_id), kept]
            for one in gone:
                await self.shelf.remove(one, by=by)
            await self._enforce()
        for one in gone:
            self._told("DELETE", one)

    async def refresh(self) -> None:
        """Keep what the events want in force (repeated ones move on), and make the reports that they ask for."""
        async with self._changing:
            await self._enforce()
        for event in self._events():
            try:
                await self._report(event)
            except (UnavailableError, FullError) as error:
                self.trouble = str(error)

    async def _put(self, fresh: Kept, old: Kept | None) -> None:
        if fresh.kind == "EVENT":
            self._check(fresh)
        await self.shelf.put(fresh)
        if fresh.kind not in ("EVENT", "PROGRAM"):
            return
        refused = await self._enforce()
        if refused or self.trouble:
            await (self.shelf.put(old) if old else self.shelf.remove(fresh, by=OWN))
            trouble = self.trouble
            await self._enforce()
            raise refused[0] if refused else UnavailableError(trouble)

    def _check(self, kept: Kept) -> None:
        """Raise `SignalError` if anything of an event cannot be acted on: its sender is told at once."""
        event = self._read(kept)
        refused = mapped(event, self._terms, self._station.site, self._units().get(event.program_id)).refused
        refused = refused or self._wants([event]).refused  # subscriptions of capacity, too
        if refused:
            raise refused[0]

    async def _enforce(self) -> tuple[SignalError, ...]:
        done = await enforce(self._station, self._terms.prefix, self._wants(self._events()))
        self.trouble = done.trouble
        return done.refused

    def _wants(self, events: list[Event]) -> Wants:
        sources = {kept.object_id: f"{self._terms.source}:{kept.by}"[:60] for kept in self.shelf.all("EVENT")}
        return wants(events, self._terms, self._station.site, self._units(), sources)

    def _events(self) -> list[Event]:
        return [self._read(kept) for kept in self.shelf.all("EVENT")]

    def _read(self, kept: Kept) -> Event:
        return read_event(kept.document, now=self._station.now(), seen_at=kept.changed_at, zone=self._zone)

    def _units(self) -> Mapping[str, Mapping[str, tuple[str, str]]]:
        return {kept.object_id: read_units(kept.document) for kept in self.shelf.all("PROGRAM")}

    async def _report(self, event: Event) -> None:
        sent = {tuple(kept.body["key"]) for kept in self.shelf.all("REPORT") if kept.client_id == OWN and "key" in kept.body}
        for due in due_reports(event, self._station.now(), sent):
            if body := report_body(due, self._station, self._terms.ven_name):
                await self.create("REPORT", body | {"key": list(due.key)}, client_id=OWN, by=OWN)
