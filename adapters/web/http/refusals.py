"""What is refused before anybody looks who asks: borrowed names, foreign pages, floods, bodies that are no JSON."""

from http import HTTPStatus
from urllib.parse import urlsplit

from fastapi.responses import JSONResponse
from starlette.datastructures import Headers
from starlette.types import Scope

from adapters.web.access.cookies import SAFE_METHODS
from adapters.web.http.hosts import is_loopback
from adapters.web.http.problems import BODY_MAX, BODY_MENDS, problem

OUR_OWN = frozenset({"same-origin", "none"})
"""What browsers say of requests that our own page, or the person, has made (Fetch Metadata)."""


def refusal(scope: Scope, *, only_loopback: bool) -> JSONResponse | None:
    """Return why a request is refused, None if it may go on.

    With `only_loopback` it answers only to names of this machine: where nobody has to show who they are, a foreign page that
    points its own name at 127.0.0.1 could otherwise steer the station through its visitor's browser.
    """
    headers = Headers(scope=scope)
    host = headers.get("host", "")
    if only_loopback and not is_loopback(_name(host)):
        return problem(421, "this name is not served", mend="use localhost")
    if scope["method"] not in SAFE_METHODS and _foreign(headers, host):
        return problem(403, "a page of another origin asked for this", mend="ask from the dashboard, or without a browser")
    # Where the length is declared, the framework would refuse it in plain text.
    length = headers.get("content-length", "0")
    if not length.isdecimal():
        return problem(400, "the length is no number", place="Content-Length", mend="leave it to your program's library")
    if int(length) > BODY_MAX:
        return problem(413, "the body is too large", place="body", mend=BODY_MENDS[HTTPStatus.REQUEST_ENTITY_TOO_LARGE])
    if scope["path"].startswith("/api/") and _has_body(headers) and not _is_json(headers):
        return problem(415, "the body is not declared as JSON", place="body", mend="Content-Type: application/json")
    return None


def _name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _foreign(headers: Headers, host: str) -> bool:
    """Return whether a browser says that a page of another origin asks; programs say neither and carry no cookie unasked."""
    origin = headers.get("origin")
    if origin is not None and origin.partition("://")[2] != host:
        return True
    return headers.get("sec-fetch-site", "none") not in OUR_OWN


def _has_body(headers: Headers) -> bool:
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


def _is_json(headers: Headers) -> bool:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))
