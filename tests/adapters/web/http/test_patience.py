"""Work goes on while its caller is there, and no longer."""

import asyncio

import pytest
from fastapi import HTTPException, Request
from starlette.types import Message

from adapters.web.http.patience import while_connected


def a_request(messages: asyncio.Queue[Message]) -> Request:
    return Request({"type": "http"}, messages.get)


async def test_a_caller_who_stays_gets_the_answer_or_the_error() -> None:
    async def work() -> int:
        await asyncio.sleep(0)
        return 7

    async def broken() -> int:
        raise ValueError("x")

    request = a_request(asyncio.Queue())
    assert await while_connected(request, work()) == 7
    with pytest.raises(ValueError, match="x"):
        await while_connected(request, broken())


async def test_who_hangs_up_has_the_work_given_up() -> None:
    messages, ended = asyncio.Queue[Message](), asyncio.Event()

    async def endless() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    messages.put_nowait({"type": "http.request", "body": b""})
    messages.put_nowait({"type": "http.disconnect"})
    with pytest.raises(HTTPException):
        await while_connected(a_request(messages), endless())
    await ended.wait()
