"""Bearer tokens of a request, and errors as problems, which the text of OpenADR sends as plain JSON."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Request, Security
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.models import OAuthFlowClientCredentials, OAuthFlows
from fastapi.responses import JSONResponse
from fastapi.security import OAuth2, SecurityScopes
from starlette.exceptions import HTTPException as StarletteHTTPException

from adapters.openadr.vtn.grants import SCOPES, Grant, Grants
from adapters.openadr.vtn.models import Problem
from adapters.openadr.vtn.shelf import FullError
from v2g.errors import InputError, UnavailableError

MEDIA_TYPE = "application/json"
FLOWS = OAuthFlows(clientCredentials=OAuthFlowClientCredentials(tokenUrl="auth/token", scopes=dict.fromkeys(sorted(SCOPES), "")))
OAUTH = OAuth2(flows=FLOWS, scheme_name="oAuth2ClientCredentials", auto_error=False)


async def granted(needed: SecurityScopes, request: Request, header: Annotated[str | None, Depends(OAUTH)]) -> Grant:
    """Return what the request's token opens. Raises `HTTPException`: 401 without a good token, 403 without one of the scopes."""
    grants: Grants = request.app.state.grants
    scheme, _, token = (header or "").partition(" ")
    grant = await grants.find(token) if scheme.lower() == "bearer" else None
    if grant is None:
        raise HTTPException(401, "show a bearer token from auth/token", headers={"WWW-Authenticate": "Bearer"})
    if not grant.scopes & set(needed.scopes):
        raise HTTPException(403, f"this needs the scope {' or '.join(needed.scopes)}")
    return grant


def needs(*scopes: str) -> Any:
    """Return the dependency that lets in whoever has one of `scopes`."""
    return Security(granted, scopes=list(scopes))


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI description of the errors a call may answer with."""
    content = {MEDIA_TYPE: {"schema": Problem.model_json_schema()}}
    return {status: {"description": HTTPStatus(status).phrase, "content": content} for status in statuses}


def problem(status: int, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """Return an error answer."""
    body = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail)
    return JSONResponse(body.model_dump(), status, headers=headers, media_type=MEDIA_TYPE)


def install_problems(app: FastAPI) -> None:
    """Make every declared error of `app` a problem; what cannot be read is a 400, as the text has no 422."""

    async def on_invalid(_request: Request, error: Exception) -> JSONResponse:
        first = error.errors()[0] if isinstance(error, RequestValidationError) else {"loc": (), "msg": str(error)}
        return problem(400, f"{'.'.join(str(step) for step in first['loc'])}: {first['msg']}")

    async def on_input(_request: Request, error: Exception) -> JSONResponse:
        return problem(400, str(error))

    async def on_full(_request: Request, error: Exception) -> JSONResponse:
        return problem(409, str(error))

    async def on_unavailable(_request: Request, error: Exception) -> JSONResponse:
        return problem(503, str(error), headers={"Retry-After": "5"})

    async def on_http(_request: Request, error: Exception) -> JSONResponse:
        if not isinstance(error, StarletteHTTPException):
            raise error
        return problem(error.status_code, str(error.detail), headers=dict(error.headers or {}))

    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(InputError, on_input)
    app.add_exception_handler(FullError, on_full)
    app.add_exception_handler(UnavailableError, on_unavailable)
    app.add_exception_handler(StarletteHTTPException, on_http)
