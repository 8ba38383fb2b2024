"""A slice of the fuzzing that `make api-fuzz` does at length, and that it would find what is wrong."""

import pytest
from fastapi import FastAPI, Response

from adapters.web.access.needs import OPEN_TO_ALL
from tests.adapters.web.fuzzing import fuzz_app, whole_app

SEED = 20261123


@pytest.mark.timeout(300)
def test_no_made_up_call_crashes_it_or_gets_what_it_does_not_declare() -> None:
    done, wrong = fuzz_app(whole_app(), 300, SEED)
    assert wrong == []
    assert done.total() > 150


def test_what_is_wrong_is_found() -> None:
    app = FastAPI(openapi_url="/api/openapi.json", dependencies=[OPEN_TO_ALL])

    @app.get("/crash")
    async def crash(n: int) -> int:
        return 1 // (n - n)

    @app.get("/undeclared", status_code=204)
    async def undeclared() -> Response:
        return Response(status_code=418)

    @app.get("/other", responses={200: {"content": {"application/json": {"schema": {"type": "integer"}}}}})
    async def other() -> Response:
        return Response('"a text"', media_type="application/json")

    @app.get("/sound")
    async def sound() -> int:
        return 1

    _, wrong = fuzz_app(app, 40, SEED)
    assert {fault.split()[1] for fault in wrong} == {"/crash", "/undeclared", "/other"}
