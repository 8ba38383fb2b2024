"""The web server as a task of the daemon's loop."""

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from adapters.web.http.hosts import is_loopback
from adapters.web.previews.jobs import Jobs
from adapters.web.state.live import Live
from v2g.errors import SiteError, UnavailableError

GRACE_S = 3
CONNECTIONS_MAX = 500
"""A dashboard keeps one open, and some more while it loads. More than these would take the daemon's files from chargers."""
FIRST_S = 10.0
"""Whoever has asked nothing for so long is hung up on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsPair:
    """Files in PEM: a certificate, with those that lead to its authority, and its key."""

    certificate: str
    key: str


class Bounded(H11Protocol):
    """A connection that is closed if there are too many, or nothing whole is asked by it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as its base declares
        """Take a connection."""
        super().connection_made(transport)
        if len(self.connections) > CONNECTIONS_MAX:
            transport.abort()
        else:
            self.loop.call_later(FIRST_S, self._look)

    def _look(self) -> None:
        if self.cycle is None:
            self.transport.abort()


class _Uvicorn(uvicorn.Server):
    """A server that leaves signals to the daemon."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Server:
    """A server bound to its address; `url` is known at once, requests are answered while `run` runs."""

    def __init__(self, app: FastAPI, bound: socket.socket, tls: TlsPair | None = None) -> None:
        self._live: Live = app.state.live
        self._jobs: Jobs[Any] = app.state.jobs
        self._socket, self._scheme = bound, "https" if tls else "http"
        self.host, self.port = bound.getsockname()[:2]
        config = uvicorn.Config(
            app,
            http=Bounded,
            lifespan="off",
            ws="none",
            access_log=False,
            log_config=None,
            server_header=False,
            timeout_graceful_shutdown=GRACE_S,
            ssl_certfile=tls.certificate if tls else None,
            ssl_keyfile=tls.key if tls else None,
        )
        self._server = _Uvicorn(config)

    @property
    def url(self) -> str:
        """The dashboard's address."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self._scheme}://{host}:{self.port}/"

    def close(self) -> None:
        """Let go of the address; for a server that never ran."""
        self._socket.close()

    async def run(self) -> None:
        """Serve until cancelled; streams are then ended and answers under way finished."""
        serving = asyncio.ensure_future(self._server.serve(sockets=[self._socket]))
        try:
            await asyncio.shield(serving)
        except asyncio.CancelledError:
            self._live.close()
            self._jobs.close()
            self._server.should_exit = True
            await serving
            raise


def serve(app: FastAPI, host: str, port: int, tls: TlsPair | None = None) -> Server:
    """Bind `app` to an address (port 0: any free one); run it with ``await server.run()``.

    Raises `SiteError` if others could reach it and nobody had to show who they are, or the TLS files cannot be used;
    `UnavailableError` if the address is taken.
    """
    if app.state.callers.open and not is_loopback(host):
        raise SiteError(
            f"anybody who reaches {host} could steer the station", place="web.host", mend="use 127.0.0.1, or let people log in"
        )
    if tls:
        _check(tls)
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        bound = socket.create_server((host, port), family=family)
    except OSError as error:
        raise UnavailableError(f"cannot listen on {host}:{port}: {error.strerror} (free it, or choose another port)") from error
    return Server(app, bound, tls)


def _check(tls: TlsPair) -> None:
    """Raise `SiteError` if these files will not do."""
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(tls.certificate, tls.key)
    except (OSError, ValueError) as error:  # an ssl.SSLError is an OSError
        raise SiteError(f"the certificate or its key cannot be used: {error}", place="web.tls", mend="give files in PEM") from error
