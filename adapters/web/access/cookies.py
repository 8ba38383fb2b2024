"""The cookies of somebody who is logged in: the session, and what proves that a change comes from our own page."""

import hmac
from hashlib import sha256

from fastapi import Request, Response

from adapters.web.http.hosts import is_loopback
from v2g.accounts import Secret

SESSION, CSRF, CSRF_HEADER = "v2g_session", "v2g_csrf", "X-CSRF-Token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def remember(response: Response, request: Request, session: Secret) -> None:
    """Give the browser the session, which no script can read, and the proof, which our scripts can; both until it is closed."""
    for name, value, hidden in ((SESSION, session.text, True), (CSRF, proof(session.text), False)):
        response.set_cookie(name, value, secure=secure(request), httponly=hidden, samesite="strict")


def forget(response: Response, request: Request) -> None:
    """Take both back."""
    for name, hidden in ((SESSION, True), (CSRF, False)):
        response.delete_cookie(name, secure=secure(request), httponly=hidden, samesite="strict")


def proof(session: str) -> str:
    """Return what the header of a change must say: foreign pages can neither read the cookie nor make it out."""
    return hmac.new(session.encode(), b"csrf", sha256).hexdigest()


def proven(request: Request, session: str) -> bool:
    """Return whether a request changes nothing, or comes from our own page."""
    shown = request.headers.get(CSRF_HEADER, "")
    return request.method in SAFE_METHODS or hmac.compare_digest(shown.encode(), proof(session).encode())


def secure(request: Request) -> bool:
    """Return whether cookies may go over encrypted connections only: always, but for trials on this machine."""
    return request.url.scheme == "https" or not is_loopback(request.url.hostname or "")
