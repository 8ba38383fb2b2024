"""The station as a virtual end node: it polls a VTN, keeps its signals in force here, and reports."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from adapters.openadr.client import VtnClient
from adapters.openadr.enforcing import enforce
from adapters.openadr.mapping import Terms
from adapters.openadr.reading import Event, read_event, read_units, said
from adapters.openadr.reports import due_reports, report_body
from adapters.openadr.silence import Fallback, fallback_signals
from adapters.openadr.wanting import Wants, wants
from adapters.openadr.webhook import Webhook
from v2g.errors import SignalError, UnavailableError
from v2g.ports import Clock, Station
from v2g.station import Condition, Part

log = structlog.get_logger(__name__)
SHOWN = 3
"""So many refusals are named in the health of this part; the log has all."""
SENT_MAX = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How the VEN behaves.

    `program` is the name of the only program followed, None = all; a VTN that does not answer for `silent_after_s` is silent; after
    a notification the next poll comes at the earliest `least_s` after the last. The VTN is asked to call `callback_url`, "" = not.
    """

    program: str | None = None
    poll_s: float = 60.0
    silent_after_s: float = 600.0
    least_s: float = 2.0
    registers: bool = True
    callback_url: str = ""


class Ven:
    """Keeps what one VTN wants in force at `station`; run it with ``await ven.run()``."""

    def __init__(
        self, client: VtnClient, station: Station, clock: Clock, *, terms: Terms, manner: Manner, fallback: Fallback | None = None
    ) -> None:
        self._client, self._station, self._clock = client, station, clock
        self._terms, self._manner, self._fallback = terms, manner, fallback or Fallback()
        self._zone = ZoneInfo(station.site.time_zone)
        self._wake, self.webhook = asyncio.Event(), Webhook(manner.callback_url, terms.ven_name, self.wake)
        self._subscribed = not manner.callback_url
        self._seen: dict[str, datetime] = {}
        self._sent: dict[tuple[str, str, str, int], None] = {}
        self._registered = False
        self._heard_at = clock.now()
        self._wants, self.trouble = Wants(), "not asked yet"
        self._unread: tuple[str, ...] = ()
        self._refused: tuple[str, ...] = ()

    def wake(self) -> None:
        """Poll soon: something has changed at the VTN. What a notification says is not believed, only asked about."""
        self._wake.set()

    @property
    def silent(self) -> bool:
        """Whether the VTN has not answered for so long that its word no longer counts as present."""
        return self._clock.now() - self._heard_at >= timedelta(seconds=self._manner.silent_after_s)

    @property
    def health(self) -> Part:
        """How the connection to the VTN is, and what was refused."""
        if self.trouble:
            condition = Condition.DOWN if self.silent else Condition.DEGRADED
            since = f"; silent since {self._heard_at:%Y-%m-%dT%H:%MZ}" if self.silent else ""
            return Part(name="openadr", condition=condition, detail=f"{self.trouble}{since}")
        if self._refused:
            more = f" (and {len(self._refused) - SHOWN} more)" if len(self._refused) > SHOWN else ""
            return Part(name="openadr", condition=Condition.DEGRADED, detail=f"refused: {'; '.join(self._refused[:SHOWN])}{more}")
        notes = f"; {'; '.join(self._wants.notes[:SHOWN])}" if self._wants.notes else ""
        return Part(name="openadr", condition=Condition.OK, detail=f"{len(self._wants.signals)} signals in force{notes}")

    async def run(self) -> None:
        """Poll until cancelled."""
        while True:
            await self.poll()
            await self._pause()

    async def poll(self) -> None:
        """Ask the VTN once and act on what it says; what goes wrong is told by `health` and the log."""
        try:
            events, units = await self._ask()
        except UnavailableError as error:
            self._trouble(str(error))
            self._subscribed = not self._manner.callback_url  # a VTN that comes back may have forgotten us
            await self._fall_back()
            return
        self._heard_at, self.trouble = self._clock.now(), ""
        await self._act(wants(events, self._terms, self._station.site, units))
        await self._report(events)

    async def _ask(self) -> tuple[list[Event], dict[str, Mapping[str, tuple[str, str]]]]:
        programs = {str(said(p, "id")): p for p in await self._programs()}
        await self._register()
        await self._subscribe(next(iter(programs), None) if self._manner.program else None)
        params: dict[str, Any] = {"targets": sorted(self._terms.names)} if self._terms.names else {}
        if self._manner.program is not None:
            if not programs:
                raise UnavailableError(f"the VTN has no program {self._manner.program!r}")
            params["programID"] = next(iter(programs))
        raws = await self._client.all("/events", params)
        return self._read(raws, programs), {name: read_units(program) for name, program in programs.items()}

    async def _programs(self) -> list[Any]:
        found = await self._client.all("/programs")
        return [p for p in found if self._manner.program is None or said(p, "programName") == self._manner.program]

    async def _register(self) -> None:
        """Make ourselves known, if the VTN keeps VENs; one that lets us read events but not that is no reason to stop."""
        if self._registered or not self._manner.registers:
            return
        try:
            if not await self._client.all("/vens", {"venName": self._terms.ven_name}):
                await self._client.post("/vens", {"objectType": "VEN_VEN_REQUEST", "venName": self._terms.ven_name})
        except UnavailableError as error:
            log.info("openadr_not_registered", why=str(error))
        self._registered = True

    async def _subscribe(self, program_id: str | None) -> None:
        """Ask to be called; a VTN that does not call is polled all the same."""
        if self._subscribed:
            return
        try:
            await self.webhook.subscribe(self._client, program_id)
        except UnavailableError as error:
            log.info("openadr_not_subscribed", why=str(error))
        self._subscribed = True

    def _read(self, raws: list[Any], programs: Mapping[str, Any]) -> list[Event]:
        now, events, unread = self._station.now(), [], []
        for raw in raws:
            try:
                seen_at = self._seen.setdefault(str(said(raw, "id")), now)
                event = read_event(raw, now=now, seen_at=seen_at, zone=self._zone)
            except SignalError as error:
                unread.append(str(error))
                continue
            # A VTN that does not know the parameter answers with the events of all programs.
            if self._manner.program is None or not event.program_id or event.program_id in programs:
                events.append(event)
        self._seen = {e.event_id: self._seen[e.event_id] for e in events}
        self._unread = tuple(unread)
        return events

    async def _act(self, wanted: Wants) -> None:
        """Post what is new or has changed, take back what is no longer wanted."""
        done = await enforce(self._station, self._terms.prefix, wanted)
        if done.trouble:
            self._trouble(done.trouble)
        refused = [*self._unread, *(str(error) for error in (*wanted.refused, *done.refused))]
        for said_no in sorted(set(refused) - set(self._refused)):
            log.warning("openadr_refused", why=said_no)
        self._wants, self._refused = wanted, tuple(dict.fromkeys(refused))

    async def _fall_back(self) -> None:
        """Put the site file's limits where the silent VTN's run out; prices keep to what was published."""
        if not self.silent:
            return
        for signal in fallback_signals(self._station.signals(), self._fallback, self._terms, self._station.now()):
            try:
                await self._station.post_signal(signal, by=self._terms.source)
                log.warning("openadr_fallback", kind=signal.kind, limit_kw=signal.intervals[0].value)
            except (SignalError, UnavailableError) as error:
                self._trouble(f"the fallback limit is refused: {error}")

    async def _report(self, events: list[Event]) -> None:
        """Send the reports that are due; one that the VTN does not take now is tried again with the next poll."""
        for event in events:
            for report in due_reports(event, self._station.now(), self._sent):
                body = report_body(report, self._station, self._terms.ven_name)
                if body is None:
                    continue
                try:
                    await self._client.post("/reports", body)
                except UnavailableError as error:
                    log.warning("openadr_report_not_taken", event_id=event.event_id, why=str(error))
                    return
                self._sent[report.key] = None
        while len(self._sent) > SENT_MAX:
            del self._sent[next(iter(self._sent))]

    async def _pause(self) -> None:
        """Wait for the next poll, or for a notification."""
        await self._clock.sleep(self._manner.least_s)
        waits = [asyncio.create_task(self._clock.sleep(self._manner.poll_s)), asyncio.create_task(self._wake.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waits:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
        self._wake.clear()

    def _trouble(self, why: str) -> None:
        if why != self.trouble:
            log.warning("openadr_trouble", why=why)
        self.trouble = why
