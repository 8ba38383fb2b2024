"""Headers that keep browsers from doing harm, and a guard against borrowed names and floods."""

from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adapters.web.access import is_loopback
from adapters.web.problems import BODY_MAX, BODY_MENDS, problem

# Plotly sets sizes and colours by style attributes; scripts come from this server only, none inline.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Shield:
    """Adds the security headers to every answer.

    With `only_loopback` it answers only to names of this machine: without a token, a foreign page that points its own
    name at 127.0.0.1 could otherwise steer the station through its visitor's browser. A body declared too long is not read.
    """

    def __init__(self, app: ASGIApp, *, only_loopback: bool) -> None:
        self._app, self._only_loopback = app, only_loopback

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_shielded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers[name] = value
            await send(message)

        app = self._refusal(Headers(scope=scope)) or self._app
        await app(scope, receive, send_shielded)

    def _refusal(self, headers: Headers) -> ASGIApp | None:
        host = urlsplit(f"//{headers.get('host', '')}").hostname or ""
        if self._only_loopback and not is_loopback(host):
            return problem(421, "this name is not served", mend="use localhost")
        # Where the length is declared, the framework would refuse it in plain text.
        if float(headers.get("content-length", 0)) > BODY_MAX:
            return problem(413, "the body is too large", place="body", mend=BODY_MENDS[HTTPStatus.REQUEST_ENTITY_TOO_LARGE])
        return None
