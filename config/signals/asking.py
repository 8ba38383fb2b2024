"""Whom `v2g signal` asks: a running daemon over its API, or a rehearsal of a site file; both answer as the API does."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol, TypeVar

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError

from adapters.web.http.problems import mend_of, place_in
from adapters.web.previews.forms import PriceForm, SurfaceForm, to_price_question, to_surface_question
from adapters.web.previews.view import preview_view, price_view, surface_view
from config.people.previews import Previews
from config.reading.signal_file import signal_from
from v2g.errors import SignalError, UnavailableError
from v2g.site import Site

POLL_S = 0.3
LIMIT_S = 120.0
Answer = dict[str, Any]
Told = Callable[[float], None]
F = TypeVar("F", bound=BaseModel)


class Asked(Protocol):
    """Answers questions, each a JSON object as the API takes it, with the API's answers."""

    async def preview(self, said: Answer) -> Answer:
        """Return what a signal would do."""
        ...

    async def price(self, said: Answer) -> Answer:
        """Return which price reaches a target."""
        ...

    async def surface(self, said: Answer, told: Told) -> Answer:
        """Return the response surface; `told` hears the share done."""
        ...


class Daemon:
    """A running daemon; raises `SignalError` for what it refuses, `UnavailableError` where it does not answer."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def preview(self, said: Answer) -> Answer:
        """Return what a signal would do."""
        return await self._call("POST", "/api/signals/preview", said)

    async def price(self, said: Answer) -> Answer:
        """Return which price reaches a target."""
        return await self._call("POST", "/api/signals/preview/price", said)

    async def surface(self, said: Answer, told: Told) -> Answer:
        """Return the response surface."""
        job = await self._call("POST", "/api/signals/preview/surface", said)
        while job["state"] == "running":
            await asyncio.sleep(POLL_S)
            job = await self._call("GET", f"/api/signals/preview/surface/{job['job_id']}")
            told(job["done_frac"])
        if job["state"] != "done":
            raise UnavailableError(f"the surface was not worked out: {job['why'] or job['state']}")
        surface: Answer = job["surface"]
        return surface

    async def _call(self, method: str, path: str, said: Answer | None = None) -> Answer:
        try:
            answer = await self._client.request(method, path, json=said, timeout=LIMIT_S)
            body: Answer = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise UnavailableError(f"{self._client.base_url} does not answer: {error}") from error
        if answer.is_error:
            raise SignalError(body.get("detail", "it is refused"), place=body.get("place", ""), mend=body.get("mend", ""))
        return body


class Rehearsal:
    """A station that was simulated up to `now`."""

    def __init__(self, previews: Previews, site: Site, now: datetime) -> None:
        self._previews, self._site, self._now = previews, site, now

    async def preview(self, said: Answer) -> Answer:
        """Return what a signal would do."""
        signal = signal_from(said, "the signal", self._site, self._now, signal_id="preview")
        return preview_view(await self._previews.preview((signal,))).model_dump(mode="json")

    async def price(self, said: Answer) -> Answer:
        """Return which price reaches a target."""
        question = to_price_question(_form(PriceForm, said), site=self._site, now=self._now)
        return price_view(question, await self._previews.find_price(question)).model_dump(mode="json")

    async def surface(self, said: Answer, told: Told) -> Answer:
        """Return the response surface."""
        question = to_surface_question(_form(SurfaceForm, said), site=self._site, now=self._now)
        return surface_view(await self._previews.surface(question, told)).model_dump(mode="json")


def _form(kind: type[F], said: Answer) -> F:
    try:
        return TypeAdapter(kind).validate_python(said)
    except ValidationError as error:
        first = error.errors()[0]
        raise SignalError(first["msg"], place=place_in(("body", *first["loc"])), mend=mend_of(first)) from error
