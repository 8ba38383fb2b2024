"""Errors as people and programs can read them: application/problem+json (RFC 9457) with a place and a mend."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, get_args

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from adapters.web.signals.forms import FormTag
from v2g.errors import InputError, PlanningError, UnavailableError

MEDIA_TYPE = "application/problem+json"
BODY_MAX = 1_000_000
"""Bytes of a request; the longest signal, written generously, takes about 300 kB."""
BODY_MENDS = {
    HTTPStatus.BAD_REQUEST: "send JSON in UTF-8, without deep nesting or endless numbers",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: f"send at most {BODY_MAX} bytes",
}
_NUMBER, _WHOLE, _INSTANT = "give a number, without quotes", "give a whole number, without quotes", "as in 2026-01-01T08:00:00Z"
MENDS = {
    "missing": "add this field",
    "extra_forbidden": "leave this field out",
    "model_attributes_type": "send a JSON object",
    "list_type": "give a list",
    "too_short": "give at least {min_length}",
    "too_long": "give at most {max_length}",
    "string_type": "give a text",
    "string_pattern_mismatch": "as {pattern}",
    "string_unicode": "give a text in Unicode, without halves of surrogate pairs",
    "string_too_short": "give at least {min_length} characters",
    "string_too_long": "give at most {max_length} characters",
    "enum": "one of {expected}",
    "bool_type": "give true or false, without quotes",
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": "give a finite number",
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_from_float": _WHOLE,
    "greater_than": "give more than {gt}",
    "greater_than_equal": "give at least {ge}",
    "less_than": "give less than {lt}",
    "less_than_equal": "give at most {le}",
    "timezone_aware": "add the zone, e.g. 2026-01-01T08:00:00Z",
    "datetime_type": _INSTANT,
    "datetime_parsing": _INSTANT,
    "datetime_from_date_parsing": _INSTANT,
}
"""What to do about each of pydantic's errors, with the fields of its context."""


class ProblemModel(BaseModel):
    """What went wrong, where in the request, and what to write instead; nothing was changed."""

    title: str
    status: int
    detail: str
    place: str = ""
    mend: str = ""


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI description of the errors a call may answer with."""
    content = {MEDIA_TYPE: {"schema": ProblemModel.model_json_schema()}}
    return {status: {"description": HTTPStatus(status).phrase, "content": content} for status in statuses}


def problem(status: int, detail: str, *, place: str = "", mend: str = "", headers: dict[str, str] | None = None) -> JSONResponse:
    """Return an error answer."""
    body = ProblemModel(title=HTTPStatus(status).phrase, status=status, detail=detail, place=place, mend=mend)
    return JSONResponse(body.model_dump(), status, headers=headers, media_type=MEDIA_TYPE)


def install_problems(app: FastAPI) -> None:
    """Make every declared error of `app` a problem."""
    app.add_exception_handler(InputError, _on_input)
    app.add_exception_handler(UnavailableError, _on_unavailable)
    app.add_exception_handler(PlanningError, _on_unavailable)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)


async def _on_input(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, InputError):
        raise error
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, error.message, place=error.place, mend=error.mend)


async def _on_unavailable(_request: Request, error: Exception) -> JSONResponse:
    return problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error), mend="try again shortly", headers={"Retry-After": "5"})


async def _on_invalid(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        raise error
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        detail = f"{first['ctx']['error']} at character {first['loc'][-1]}"
        return problem(HTTPStatus.BAD_REQUEST, detail, place="body", mend=BODY_MENDS[HTTPStatus.BAD_REQUEST])
    detail = str(first["msg"])
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, place=place_in(first["loc"]), mend=mend_of(first))


async def _on_http(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    mend = BODY_MENDS.get(HTTPStatus(error.status_code), "")
    return problem(error.status_code, str(error.detail), place="body" if mend else "", mend=mend, headers=dict(error.headers or {}))


def place_in(location: Sequence[int | str]) -> str:
    """Return where in the first of `location`, e.g. ``intervals[3].start``, without the words that only the framework knows."""
    steps = list(location[1:])
    if steps and steps[0] in get_args(FormTag):
        del steps[0]
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return text.lstrip(".") or str(location[0])


def mend_of(error: Mapping[str, Any]) -> str:
    """Return what to do about one of pydantic's errors."""
    return MENDS.get(error["type"], "").format(**error.get("ctx", {}))
