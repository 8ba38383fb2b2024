"""A call repeated after a lost answer does nothing twice: the header Idempotency-Key brings the first answer again.

After draft-ietf-httpapi-idempotency-key-header-07: a key belongs to who calls and what is called; with another body it is an error.
Answers are kept in memory, so a restart forgets them. Refusals are not kept, so that strangers cannot crowd out others'
answers, nor are answers that hold secrets.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from hashlib import sha256

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adapters.web.http.problems import problem

KEPT, LARGEST = 1000, 65_536
"""So many answers are kept, of so many bytes at most."""
WITH_SECRETS = ("/api/login", "/api/me", "/api/people", "/api/machines")


@dataclass(slots=True)
class _Kept:
    """What was asked, and the messages of its answer, none while it is being worked on."""

    digest: bytes
    answer: list[Message] = field(default_factory=list)


class Idempotent:
    """Answers a repeated POST with the same key as it answered the first."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._kept: OrderedDict[bytes, _Kept] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        headers = Headers(scope=scope) if scope["type"] == "http" else Headers()
        key = headers.get("idempotency-key")
        if key is None or scope["method"] != "POST" or scope["path"].startswith(WITH_SECRETS):
            await self._app(scope, receive, send)
            return
        if not 1 <= len(key) <= 255:
            await problem(400, "the key is empty or too long", place="Idempotency-Key", mend="1 to 255 characters")(
                scope, receive, send
            )
            return
        body = await _body(receive)
        whose = "\0".join((key, scope["path"], headers.get("authorization", ""), headers.get("cookie", "")))
        await self._once(sha256(whose.encode()).digest(), body, scope, _again(body, receive), send)

    async def _once(self, name: bytes, body: bytes, scope: Scope, receive: Receive, send: Send) -> None:
        known, digest = self._kept.get(name), sha256(body).digest()
        if known is None:
            self._kept[name] = known = _Kept(digest=digest)
            await self._first(name, known, scope, receive, send)
        elif known.digest != digest:
            await _refuse(422, "this key was used for another request", "use a new key for a new request", scope, receive, send)
        elif not known.answer:
            await _refuse(409, "the first request with this key is still worked on", "ask again shortly", scope, receive, send)
        else:
            for message in known.answer:
                await send(message)

    async def _first(self, name: bytes, known: _Kept, scope: Scope, receive: Receive, send: Send) -> None:
        told: list[Message] = []

        async def send_and_note(message: Message) -> None:
            told.append(dict(message))
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        finally:
            if _worth_keeping(told):
                known.answer = told
                while len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
            else:
                del self._kept[name]


def _worth_keeping(told: list[Message]) -> bool:
    """Return whether an answer is whole, small, and of something that was done: what was refused may be asked anew."""
    if not told or told[-1].get("more_body", False) or told[-1]["type"] != "http.response.body":
        return False
    done = 200 <= told[0]["status"] < 300
    return done and sum(len(message.get("body", b"")) for message in told) <= LARGEST


async def _refuse(status: int, detail: str, mend: str, scope: Scope, receive: Receive, send: Send) -> None:
    await problem(status, detail, place="Idempotency-Key", mend=mend)(scope, receive, send)


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _again(body: bytes, receive: Receive) -> Receive:
    """Return what tells the application a body that was read, and then what is yet to come: that the caller hangs up."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def told() -> Message:
        return messages.pop(0) if messages else await receive()

    return told
