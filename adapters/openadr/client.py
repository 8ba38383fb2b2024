"""A VTN's REST interface from outside: tokens, pages, and errors that say what to do."""

import asyncio
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx

from adapters.openadr.reading import said
from v2g.errors import UnavailableError
from v2g.ports import Clock

PAGE = 50
OBJECTS_MAX = 2000
ANSWER_MAX = 8_000_000
"""Bytes of an answer: some 500 events of 96 intervals in a page of 50 would be 0.6 MB."""
ANSWER_S = 20.0
EARLY = timedelta(seconds=30)
"""A token is renewed so long before it ends."""
TOKEN_S = 3600.0
"""How long a token lasts that does not say so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Where the VTN is, and as whom we come. Without `client_id` we come as nobody; `token_url` is asked of the VTN where None."""

    vtn_url: str
    client_id: str | None = None
    client_secret: str = ""
    token_url: str | None = None
    scope: str | None = None


class VtnClient:
    """Speaks to one VTN; every method raises `UnavailableError` if it does not answer as it should."""

    def __init__(self, http: httpx.AsyncClient, account: Account, clock: Clock, *, answer_s: float = ANSWER_S) -> None:
        self._http, self._account, self._clock, self._answer_s = http, account, clock, answer_s
        self._token: tuple[str, datetime] | None = None

    async def all(self, path: str, params: dict[str, Any] | None = None) -> list[Any]:
        """Return all objects at `path`, each once, whatever the VTN makes of `skip` and `limit`."""
        found: dict[str, Any] = {}
        skip = 0
        while True:
            page = await self._call("GET", path, params={**(params or {}), "skip": skip, "limit": PAGE})
            if not isinstance(page, list):
                raise UnavailableError(f"the VTN answers {path} with no list")
            fresh = {_id(item): item for item in page if _id(item) not in found}
            found |= fresh
            if not fresh:
                return list(found.values())
            if len(found) > OBJECTS_MAX:
                raise UnavailableError(f"the VTN has more than {OBJECTS_MAX} objects at {path} (name a program in the site file)")
            skip += len(page)

    async def get(self, path: str) -> Any:
        """Return what is at `path`."""
        return await self._call("GET", path)

    async def post(self, path: str, body: dict[str, Any]) -> Any:
        """Create an object."""
        return await self._call("POST", path, body=body)

    async def delete(self, path: str) -> None:
        """Remove an object."""
        await self._call("DELETE", path)

    async def token(self) -> str | None:
        """Return the bearer token, a new one where the last is about to end; None if we come as nobody."""
        account, now = self._account, self._clock.now()
        if account.client_id is None:
            return None
        if self._token is None or self._token[1] - EARLY <= now:
            form = {"grant_type": "client_credentials", "client_id": account.client_id, "client_secret": account.client_secret}
            url = account.token_url or await self._token_url()
            answer = await self._send("POST", url, data=form | ({"scope": account.scope} if account.scope else {}))
            if not isinstance(token := said(answer, "access_token"), str):
                raise UnavailableError("the VTN gives no token (check client_id and its secret)")
            lasts = said(answer, "expires_in")
            lasts_s = float(lasts) if isinstance(lasts, (int, float)) and 0 < lasts < 1e9 else TOKEN_S
            self._token = token, now + timedelta(seconds=lasts_s)
        return self._token[0]

    async def _token_url(self) -> str:
        """Return where tokens are given. A secret goes to no other host than the site file names."""
        base = self._account.vtn_url.rstrip("/")
        try:
            told = said(await self._send("GET", f"{base}/auth/server"), "tokenURL")
        except UnavailableError:
            told = None
        if isinstance(told, str) and (urlsplit(told).scheme, urlsplit(told).netloc) == (
            urlsplit(base).scheme,
            urlsplit(base).netloc,
        ):
            return told
        return f"{base}/auth/token"

    async def _call(self, method: str, path: str, *, params: dict[str, Any] | None = None, body: Any = None) -> Any:
        url = f"{self._account.vtn_url.rstrip('/')}{path}"
        try:
            return await self._send(method, url, params=params, body=body, token=await self.token())
        except Unauthorized:
            self._token = None
            return await self._send(method, url, params=params, body=body, token=await self.token())

    async def _send(
        self,
        method: str,
        url: str,
        *,
        params: dict[str, Any] | None = None,
        body: Any = None,
        data: dict[str, str] | None = None,
        token: str | None = None,
    ) -> Any:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            async with (
                asyncio.timeout(self._answer_s),
                self._http.stream(method, url, params=params, json=body, data=data, headers=headers) as answer,
            ):
                return _content(answer, await _body(answer))
        except TimeoutError as error:
            raise UnavailableError(f"the VTN does not answer within {self._answer_s:g} s") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise UnavailableError(f"the VTN cannot be reached: {type(error).__name__} {error}") from error


class Unauthorized(UnavailableError):  # noqa: N818  # it is named after its status
    """The VTN does not take our token."""


async def _body(answer: httpx.Response) -> bytes:
    parts, size = [], 0
    async for part in answer.aiter_bytes():
        size += len(part)
        if size > ANSWER_MAX:
            raise UnavailableError(f"the VTN answers with more than {ANSWER_MAX} bytes")
        parts.append(part)
    return b"".join(parts)


def _content(answer: httpx.Response, body: bytes) -> Any:
    if answer.status_code == httpx.codes.UNAUTHORIZED:
        raise Unauthorized("the VTN does not take our token (check client_id and its secret)")
    if not answer.is_success:
        raise UnavailableError(f"the VTN answers {answer.status_code} to {answer.request.method} {answer.request.url.path}")
    try:
        return _clean(json.loads(body)) if body else None
    except (ValueError, RecursionError) as error:
        raise UnavailableError(f"the VTN answers {answer.request.url.path} with no JSON") from error


def _clean(value: Any) -> Any:
    """Return JSON whose texts can be written down again: without NUL and halves of characters, which databases refuse."""
    if isinstance(value, str):
        return value.replace("\0", "").encode(errors="replace").decode()
    if isinstance(value, list):
        return [_clean(item) for item in value]
    return {_clean(name): _clean(item) for name, item in value.items()} if isinstance(value, dict) else value


def _id(item: Any) -> str:
    """Return what tells an object from others, itself if it has no id."""
    value = said(item, "id")
    return str(value) if value is not None else json.dumps(item, sort_keys=True)
