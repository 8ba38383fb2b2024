"""The VTN as an application to mount, and what runs beside it."""

from typing import Annotated, Any
from urllib.parse import parse_qs

import structlog
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from adapters.openadr.vtn.callbacks import Callbacks
from adapters.openadr.vtn.desk import Desk
from adapters.openadr.vtn.grants import Grant, Grants, ThrottledError
from adapters.openadr.vtn.kinds import kinds
from adapters.openadr.vtn.models import AuthServer, Notifiers, TokenAnswer
from adapters.openadr.vtn.routes import PUBLIC, object_routes
from adapters.openadr.vtn.searches import router as searches
from adapters.openadr.vtn.security import documented, install_problems, needs, problem
from v2g.ports import Station

log = structlog.get_logger(__name__)
FORM = "application/x-www-form-urlencoded"
FORM_MAX = 10_000
_FIELDS = {
    name: {"type": "string", "maxLength": 4096, **({"minLength": 1} if name != "scope" else {})}
    for name in ("client_id", "client_secret", "scope")
}
TOKEN_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            FORM: {
                "schema": {
                    "type": "object",
                    "required": ["grant_type", "client_id", "client_secret"],
                    "properties": {"grant_type": {"type": "string", "enum": ["client_credentials"]}, **_FIELDS},
                }
            }
        },
    }
}


def make_vtn(desk: Desk, grants: Grants, callbacks: Callbacks, station: Station) -> FastAPI:
    """Return the application; it is served under /openadr3/3.1.0."""
    # The framework's own documentation pages would fetch scripts from elsewhere.
    app = FastAPI(title="OpenADR 3.1.0, a subset", version="3.1.0", docs_url=None, redoc_url=None)
    app.state.desk, app.state.grants, app.state.station = desk, grants, station
    install_problems(app)
    app.include_router(searches)
    for kind in kinds(callbacks.hosts):
        app.include_router(object_routes(kind))
    app.get("/auth/server", tags=["auth"])(auth_server)
    app.post("/auth/token", tags=["auth"], response_model=TokenAnswer, openapi_extra=TOKEN_FORM, responses=TOKEN_ERRORS)(token)
    app.get("/notifiers", tags=["notifiers"], responses=documented(401, 403))(notifiers)
    return app


async def auth_server(request: Request) -> AuthServer:
    """Tell where tokens are given."""
    return AuthServer(tokenURL=str(request.url_for("token")))


async def notifiers(_grant: Annotated[Grant, needs(*PUBLIC)]) -> Notifiers:
    """Tell how changes can be told: by webhooks."""
    return Notifiers()


async def token(request: Request) -> Any:
    """Give a bearer token for a machine's id and token (OAuth2 client credentials)."""
    form = await _form(request)
    if form.get("grant_type") != "client_credentials":
        return _auth_error(400, "unsupported_grant_type" if "grant_type" in form else "invalid_request")
    if not form.get("client_id") or not form.get("client_secret"):
        return _auth_error(400, "invalid_request")
    grants: Grants = request.app.state.grants
    address = request.client.host if request.client else ""
    try:
        given = await grants.give(form["client_id"], form["client_secret"], frozenset(form.get("scope", "").split()), address)
    except ThrottledError as error:
        return problem(429, "too many wrong secrets", headers={"Retry-After": str(int(error.wait_s) + 1)})
    if given is None:
        log.warning("openadr_wrong_secret", client_id=form["client_id"][:64], address=address)
        return _auth_error(401, "invalid_client")
    text, grant = given
    return TokenAnswer(access_token=text, expires_in=3600, scope=" ".join(sorted(grant.scopes)))


async def _form(request: Request) -> dict[str, str]:
    body = await request.body()
    if len(body) > FORM_MAX or not request.headers.get("content-type", "").startswith(FORM):
        return {}
    try:
        pairs = parse_qs(body.decode(), max_num_fields=20)
    except (UnicodeDecodeError, ValueError):
        return {}
    return {name: values[0] for name, values in pairs.items() if len(values) == 1}


def _auth_error(status: int, error: str) -> JSONResponse:
    return JSONResponse({"error": error}, status, headers={"Cache-Control": "no-store"})


_AUTH_ERROR = {
    "application/json": {"schema": {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}}
}
TOKEN_ERRORS: dict[int | str, dict[str, Any]] = {
    400: {"description": "Bad Request", "content": _AUTH_ERROR},
    401: {"description": "Unauthorized", "content": _AUTH_ERROR},
    **documented(413, 429, 503),
}
