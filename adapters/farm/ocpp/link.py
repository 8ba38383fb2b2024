"""OCPP-J frames on one WebSocket: calls out, answers in, and the other way round (OCPP-J 1.6, section 4)."""

import asyncio
import json
from collections import deque
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import structlog
from websockets.asyncio.client import ClientConnection

from adapters.farm.ocpp.manners import Manners
from v2g.errors import FrameError, V2GError
from v2g.ports import Clock

log = structlog.get_logger(__name__)

CALL, RESULT, ERROR = 2, 3, 4
ANSWER_WITHIN_S = 30.0
REMEMBERED = 16
Payload = dict[str, Any]
Answer = Callable[[str, Payload], Payload]


class RefusedError(V2GError):
    """A call was answered by a CALLERROR, or must be: `code` is the OCPP error code."""

    def __init__(self, code: str, description: str = "") -> None:
        self.code, self.description = code, description
        super().__init__(f"{code}: {description}")


class Link:
    """One connection.

    `answer(action, payload)` gives the reply to a call of the other side, at once; it may raise `RefusedError`, or
    `FrameError` for a payload that cannot be used. How all this is done depends on `manners`.
    """

    def __init__(self, socket: ClientConnection, answer: Answer, *, manners: Manners, clock: Clock) -> None:
        self._socket, self._answer, self._manners, self._clock = socket, answer, manners, clock
        self._turn, self._replying = asyncio.Lock(), asyncio.Lock()
        self._open: dict[str, asyncio.Future[Payload]] = {}
        self._repeated = deque[str](maxlen=REMEMBERED)

    async def call(self, action: str, payload: Payload) -> Payload:
        """Send a call and return its answer; one at a time, as the standard wants.

        Raises `RefusedError` on a CALLERROR, `TimeoutError` without an answer in time, `ConnectionClosed` when cut off.
        """
        async with self._turn:
            message_id = uuid4().hex
            future: asyncio.Future[Payload] = asyncio.get_running_loop().create_future()
            self._open[message_id] = future
            frame = json.dumps([CALL, message_id, action, payload])
            try:
                await self._socket.send(frame)
                async with asyncio.timeout(ANSWER_WITHIN_S):
                    return await future
            finally:
                del self._open[message_id]
                if self._manners.repeats:
                    self._repeated.append(message_id)
                    await self._socket.send(frame)

    async def serve(self) -> None:
        """Read frames until the connection ends, then raise `ConnectionError`."""
        async with asyncio.TaskGroup() as later:
            async for raw in self._socket:
                async with self._replying:
                    try:
                        reply = self._take(raw)
                    except FrameError as error:
                        log.warning("farm_frame_ignored", error=str(error))
                        continue
                    if reply is not None and self._manners.late_s:
                        later.create_task(self._reply_late(reply, self._manners.late_s))
                    elif reply is not None:
                        await self._socket.send(json.dumps(reply))
            raise ConnectionError("the central system closed the connection")

    async def close(self) -> None:
        """Close in good order, after the answer now being given: who asked for a restart is to hear of it."""
        async with self._replying:
            await self._socket.close()

    async def _reply_late(self, reply: list[Any], late_s: float) -> None:
        await self._clock.sleep(late_s)
        await self._socket.send(json.dumps(reply))

    def _take(self, raw: str | bytes) -> list[Any] | None:
        match _frame(raw):
            case [int(kind), str(message_id), str(action), dict(payload)] if kind == CALL:
                return None if self._manners.silent else self._reply(message_id, action, payload)
            case [int(), str(message_id), *_] if message_id in self._repeated:
                return None
            case [int(kind), str(message_id), dict(payload)] if kind == RESULT:
                self._settle(message_id, payload)
            case [int(kind), str(message_id), str(code), str(description), *_] if kind == ERROR:
                self._settle(message_id, RefusedError(code, description))
            case _:
                raise FrameError("this is no OCPP-J frame", place="frame")
        return None

    def _reply(self, message_id: str, action: str, payload: Payload) -> list[Any]:
        try:
            instead = self._manners.instead(action)
            return [RESULT, message_id, self._answer(action, payload) if instead is None else instead]
        except RefusedError as error:
            return [ERROR, message_id, error.code, error.description, {}]
        except FrameError as error:
            return [ERROR, message_id, "FormationViolation", str(error)[:255], {}]

    def _settle(self, message_id: str, answer: Payload | RefusedError) -> None:
        future = self._open.get(message_id)
        if future is None or future.done():
            raise FrameError("the answer belongs to no open call", place=message_id)
        if isinstance(answer, RefusedError):
            future.set_exception(answer)
        else:
            future.set_result(answer)


def _frame(raw: str | bytes) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise FrameError("this is not JSON", place="frame") from error
