"""Where a VTN may call to say that something has changed: nothing it says is believed, the VTN is asked."""

import hmac
import secrets
from collections.abc import Callable
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from adapters.openadr.client import VtnClient
from adapters.openadr.reading import listed, said
from v2g.errors import UnavailableError

OPERATIONS = ["CREATE", "UPDATE", "DELETE"]


class Webhook:
    """An ASGI application to mount where `url` lies, …/callback; a call with our bearer token makes `wake` be called."""

    def __init__(self, url: str, client_name: str, wake: Callable[[], None]) -> None:
        self._url, self._client_name, self._wake = url, client_name, wake
        self._bearer = secrets.token_urlsafe(32)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. Its body is not read."""
        if scope["type"] != "http":
            return
        await self._answer(Request(scope))(scope, receive, send)

    def _answer(self, request: Request) -> Response:
        if not request.url.path.endswith("/callback"):
            return Response(status_code=404)
        if request.method != "POST":
            return Response(status_code=405, headers={"Allow": "POST"})
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(token.encode(), self._bearer.encode()):
            return Response(status_code=401, headers={"WWW-Authenticate": "Bearer"})
        self._wake()
        return Response(status_code=200)

    async def subscribe(self, client: VtnClient, program_id: str | None) -> None:
        """Ask the VTN to call, in place of what was asked before. Raises `UnavailableError` if it takes no subscriptions."""
        for old in await client.all("/subscriptions", {"clientName": self._client_name}):
            if any(said(wish, "callbackUrl") == self._url for wish in listed(old, "objectOperations")):
                await client.delete(f"/subscriptions/{quote(str(said(old, 'id')), safe='')}")
        wish = {"objects": ["EVENT"], "operations": OPERATIONS, "callbackUrl": self._url, "bearerToken": self._bearer}
        body = {"clientName": self._client_name, "objectOperations": [wish]}
        made = await client.post("/subscriptions", body | ({"programID": program_id} if program_id else {}))
        if not isinstance(made, dict):
            raise UnavailableError("the VTN takes a subscription and says nothing of it")
