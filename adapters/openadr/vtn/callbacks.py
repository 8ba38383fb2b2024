"""Telling subscribers of changes: only hosts that the site file allows, a few times, and never for long."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
import structlog

from adapters.openadr.reading import read_targets
from adapters.openadr.vtn.models import Operation
from adapters.openadr.vtn.shelf import Kept, Shelf
from v2g.ports import Clock

log = structlog.get_logger(__name__)
WAITING_MAX = 1000
TRIES, FIRST_S, ANSWER_S = 4, 2.0, 5.0
"""Between tries 2, 4, 8 s pass."""
OWNED = frozenset({"REPORT", "SUBSCRIPTION", "VEN", "RESOURCE"})
"""What belongs to a client."""
PRIVATE = frozenset({"key", "business"})
"""What is kept with an object and shown to nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A notification to send."""

    url: str
    bearer: str | None
    body: dict[str, Any]


def allowed(url: str, hosts: frozenset[str]) -> bool:
    """Return whether a callback may be made: http(s), without a name and password, to one of `hosts` ("host" or "host:port")."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or parts.username is not None or parts.password is not None or not parts.hostname:
        return False
    return (parts.hostname if port is None else f"{parts.hostname}:{port}") in hosts


def shown(kept: Kept, *, to: str | None = None) -> dict[str, Any]:
    """Return an object as a client sees it; bearer tokens of subscriptions only to their owner `to`."""
    document = {name: value for name, value in kept.document.items() if name not in PRIVATE}
    if kept.kind == "SUBSCRIPTION" and to != kept.client_id:
        document["objectOperations"] = [{**o, "bearerToken": None} for o in document["objectOperations"]]
    return document


class Callbacks:
    """Sends notifications one after the other; run it with ``await callbacks.run()``."""

    def __init__(self, shelf: Shelf, http: httpx.AsyncClient, clock: Clock, hosts: frozenset[str]) -> None:
        self._shelf, self._http, self._clock, self.hosts = shelf, http, clock, hosts
        self._queue = asyncio.Queue[Call](WAITING_MAX)
        self.trouble = ""

    def told(self, operation: Operation, kept: Kept) -> None:
        """Have all subscribers told of a change; if too many wait already, they are not."""
        for call in self._calls(operation, kept):
            try:
                self._queue.put_nowait(call)
            except asyncio.QueueFull:
                self._fail("too many notifications wait")

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            await self._send(await self._queue.get())

    def _calls(self, operation: Operation, kept: Kept) -> Iterator[Call]:
        body = {"objectType": kept.kind, "operation": operation, "object": _lean(shown(kept))}
        for subscription in self._shelf.all("SUBSCRIPTION"):
            if not _interested(subscription, kept):
                continue
            for wish in subscription.body["objectOperations"]:
                if kept.kind in wish["objects"] and operation in wish["operations"] and allowed(wish["callbackUrl"], self.hosts):
                    yield Call(url=wish["callbackUrl"], bearer=wish.get("bearerToken"), body=body)

    async def _send(self, call: Call) -> None:
        why = ""
        for i in range(TRIES):
            if i:
                await self._clock.sleep(FIRST_S * 2 ** (i - 1))
            why = await self._try(call)
            if not why:
                self.trouble = ""
                return
        self._fail(f"{urlsplit(call.url).hostname} takes no notifications: {why}")

    async def _try(self, call: Call) -> str:
        """Send once; return what went wrong, "" if nothing did. What the other side answers is not read."""
        headers = {"Authorization": f"Bearer {call.bearer}"} if call.bearer else {}
        try:
            async with (
                asyncio.timeout(ANSWER_S),
                self._http.stream("POST", call.url, json=call.body, headers=headers, follow_redirects=False) as answer,
            ):
                return "" if answer.is_success else f"it answers {answer.status_code}"
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, UnicodeError, ValueError) as error:
            return type(error).__name__

    def _fail(self, why: str) -> None:
        self.trouble = why
        log.warning("openadr_callback_failed", why=why)


def _interested(subscription: Kept, kept: Kept) -> bool:
    """Return whether a subscription's program and targets are those of what has changed."""
    program = subscription.body.get("programID")
    theirs = kept.object_id if kept.kind == "PROGRAM" else kept.body.get("programID")
    if program is not None and theirs is not None and program != theirs:
        return False
    wanted, has = read_targets(subscription.body), read_targets(kept.body)
    private = kept.kind in OWNED
    return (not wanted or not has or bool(wanted & has)) and (not private or _may_see(subscription, kept))


def _may_see(subscription: Kept, kept: Kept) -> bool:
    """Return whether a subscriber may read what belongs to a client: its own, or as business logic everybody's."""
    return subscription.client_id == kept.client_id or bool(subscription.body.get("business"))


def _lean(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if value is not None}
