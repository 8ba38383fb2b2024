"""One charger's connection: a thin asyncio shell around the frames. It knows no version and no socket library."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from itertools import count
from secrets import token_hex
from typing import Protocol

import structlog
from websockets.exceptions import ConnectionClosed

from adapters.ocpp.dialect import Responder
from adapters.ocpp.frames import (
    BadFrameError,
    Call,
    CallError,
    CallResult,
    CallResultError,
    ErrorCode,
    Frame,
    Payload,
    Send,
    decode,
    encode,
)
from adapters.ocpp.pace import Pace
from adapters.traffic import OCPP_IN, OCPP_OUT
from v2g.errors import UnavailableError, V2GError

log = structlog.get_logger()

MAX_STRIKES = 20  # unusable frames in a row before the charger is shown the door
MAX_IN_HAND = 16  # requests of one charger served at once; OCPP-J allows it one
MAX_TASKS = 64  # frames in work, refusals included; beyond that the charger reads nothing, and we stop reading
REMEMBERED_CALLS = 16  # calls given up, whose late answers are no nonsense
MAX_DESCRIPTION_CHARS = 255  # OCPP-J
POLICY_VIOLATION = 1008
ANSWER = "[3"  # how nearly every answer begins; one that does not is read all the same
RUN, NUMBERS = token_hex(4), count(1)
"""What our requests are named by: no answer meant for an earlier connection, or an earlier run, fits a later one."""
NONSENSE = frozenset({ErrorCode.FORMATION, ErrorCode.PROTOCOL, ErrorCode.TYPE, ErrorCode.PROPERTY})


class RefusedError(V2GError):
    """The charger understood and said no."""


class AnswerTimeoutError(UnavailableError):
    """The charger did not answer in time; it may or may not have followed."""


class DisconnectedError(UnavailableError):
    """The charger is not connected, or not ready to be asked."""


class CutOffError(DisconnectedError):
    """The connection ended between a request and its answer: the charger may or may not have followed."""


class Socket(Protocol):
    """What is needed of a WebSocket; each method raises `ConnectionClosed` when it is over."""

    async def recv(self) -> str | bytes:
        """Return the next message."""
        ...

    async def send(self, message: str, /) -> None:
        """Send one text message."""
        ...

    async def close(self, code: int, reason: str) -> None:
        """Close with a code and a reason; never raises."""
        ...

    async def ping(self) -> Awaitable[float]:
        """Send a ping, and return what is done when it is answered."""
        ...


class Connection:
    """The conversation over one socket.

    Requests of the charger are served side by side, so that a slow one holds up no other and no answer to us; requests
    to the charger go one at a time, as OCPP-J demands.

    Parameters
    ----------
    socket : Socket
    station_id : str
    answer_timeout_wall_s : float
        How long a request may take in wall seconds, its wait for its turn included.
    on_rejected : callable
        Called for each frame that cannot be used.
    pace : Pace
        Shared by all connections: what many of them say at once is taken a slice at a time.
    """

    def __init__(
        self, socket: Socket, *, station_id: str, answer_timeout_wall_s: float, on_rejected: Callable[[], None], pace: Pace
    ) -> None:
        self._socket, self._answer_timeout_wall_s, self._on_rejected = socket, answer_timeout_wall_s, on_rejected
        self._log, self._pace = log.bind(station=station_id), pace
        self._name, self._calls = f"{RUN}-{next(NUMBERS)}", 0
        self._turn = asyncio.Lock()
        self._places = asyncio.Semaphore(MAX_TASKS)
        self._waiting: tuple[str, asyncio.Future[CallResult | CallError]] | None = None
        self._given_up: tuple[str, ...] = ()
        self._receiver: asyncio.Task[None] | None = None
        self._attendant: asyncio.Task[None] | None = None
        self._farewell = ""
        self._closed = False
        self._in_hand = 0
        self._strikes = 0

    async def run(self, responder: Responder) -> None:
        """Serve the charger until the connection ends, for whatever reason."""
        try:
            async with asyncio.TaskGroup() as tasks:
                self._attend(responder, tasks)
                self._receiver = tasks.create_task(self._receive(responder, tasks))
        finally:
            self._hang_up()
        if self._farewell:
            await self._socket.close(POLICY_VIOLATION, self._farewell)

    def end(self, reason: str) -> None:
        """End the connection: not one more frame of it is read, whatever still comes."""
        self._farewell = reason
        self._hang_up()
        if self._receiver is not None:
            self._receiver.cancel()

    async def is_alive(self, within_wall_s: float) -> bool:
        """Return whether the charger answers a ping in time."""
        try:
            async with asyncio.timeout(within_wall_s):
                await (await self._socket.ping())
        except (TimeoutError, ConnectionClosed):
            return False
        return not self._closed

    async def call(self, action: str, payload: Payload) -> Payload:
        """Return what the charger answered. Raises `RefusedError`, `AnswerTimeoutError` or `DisconnectedError`."""
        self._calls += 1
        message_id = f"{self._name}-{self._calls}"
        try:
            async with asyncio.timeout(self._answer_timeout_wall_s), self._turn:
                answer = await self._exchange(Call(message_id=message_id, action=action, payload=payload))
        except TimeoutError as error:
            self._given_up = (*self._given_up, message_id)[-REMEMBERED_CALLS:]
            raise AnswerTimeoutError(f"no answer to {action} within {self._answer_timeout_wall_s:g} s") from error
        if isinstance(answer, CallError):
            raise RefusedError(f"{action} was refused with {answer.code[:50]}: {answer.description[:200]}")
        return answer.payload

    async def _exchange(self, call: Call) -> CallResult | CallError:
        if self._closed:
            raise DisconnectedError("the charger is not connected")
        answer: asyncio.Future[CallResult | CallError] = asyncio.get_running_loop().create_future()
        self._waiting = (call.message_id, answer)
        try:
            await self._send(call)
            return await answer
        finally:
            self._waiting = None
            if answer.done() and not answer.cancelled():
                answer.exception()  # heard of, though sending failed first

    def _attend(self, responder: Responder, tasks: asyncio.TaskGroup) -> None:
        self._attendant = tasks.create_task(responder.attend())
        self._attendant.add_done_callback(self._attended)

    def _attended(self, _: asyncio.Task[None]) -> None:
        self._attendant = None  # what it was takes 2 KB

    async def _receive(self, responder: Responder, tasks: asyncio.TaskGroup) -> None:
        try:
            await self._listen(responder, tasks)
        finally:
            if self._attendant is not None:
                self._attendant.cancel()
            self._hang_up()

    async def _listen(self, responder: Responder, tasks: asyncio.TaskGroup) -> None:
        while not self._closed:
            try:
                text = await self._socket.recv()
            except ConnectionClosed:
                return
            OCPP_IN.inc()
            await self._pace.give_way(to_answers=text[:2] != ANSWER)
            if self._closed:
                return
            await self._take(text, responder, tasks)
            del text  # lest it stay until the next

    async def _take(self, text: str | bytes, responder: Responder, tasks: asyncio.TaskGroup) -> None:
        """Take what wants no answer at once; give anything else to a task, when there is a place."""
        work: Callable[[], Coroutine[None, None, None]]
        try:
            frame = decode(text)
        except BadFrameError as error:
            work = partial(self._refuse, responder, error)
        else:
            match frame:
                case CallResult() | CallError():
                    self._settle(frame)
                    return
                case CallResultError():
                    self._log.warning("answer_refused", code=frame.code[:50], description=frame.description[:200])
                    return
                case Send():
                    self._hear(responder, frame)
                    return
                case Call():
                    work = partial(self._serve, responder, frame, tasks)
        await self._places.acquire()
        task = tasks.create_task(work())
        task.add_done_callback(lambda _: self._places.release())

    def _hear(self, responder: Responder, send: Send) -> None:
        try:
            responder.heard(send.action, send.payload)
        except BadFrameError as error:
            self._reject(error)
        else:
            self._strikes = 0

    async def _serve(self, responder: Responder, call: Call, tasks: asyncio.TaskGroup) -> None:
        if self._in_hand >= MAX_IN_HAND:
            crowd = BadFrameError(
                "too many requests at once", code=ErrorCode.GENERIC, message_id=call.message_id, place=call.action
            )
            await self._refuse(responder, crowd)
            return
        self._in_hand += 1
        try:
            payload = await responder.answer(call.action, call.payload)
        except BadFrameError as error:
            error.message_id = call.message_id
            await self._refuse(responder, error)
        except UnavailableError as error:
            self._log.warning("request_postponed", action=call.action, reason=str(error))
            again = "try again later"
            await self._send_if_open(CallError(message_id=call.message_id, code=ErrorCode.INTERNAL, description=again))
        else:
            self._strikes = 0
            await self._send_if_open(CallResult(message_id=call.message_id, payload=payload))
            if responder.answered(call.action):
                self._attend(responder, tasks)
        finally:
            self._in_hand -= 1

    async def _refuse(self, responder: Responder, error: BadFrameError) -> None:
        """Reject a frame that cannot be used, and say so where OCPP-J allows."""
        self._reject(error)
        if error.answerable:
            description = str(error)[:MAX_DESCRIPTION_CHARS]
            code = responder.code(error)
            await self._send_if_open(CallError(message_id=error.message_id, code=code, description=description))

    def _reject(self, error: BadFrameError) -> None:
        """Log and count a frame that cannot be used; repeated nonsense ends the connection."""
        self._on_rejected()
        self._strikes += error.code in NONSENSE
        self._log.warning("frame_rejected", code=error.code, place=error.place, reason=error.message, mend=error.mend)
        if self._strikes >= MAX_STRIKES:
            self.end("too many unusable messages")

    def _settle(self, frame: CallResult | CallError) -> None:
        """Hand an answer to whoever waits for it."""
        if self._waiting is not None and self._waiting[0] == frame.message_id:
            future = self._waiting[1]
            if not future.done():
                future.set_result(frame)
        elif frame.message_id in self._given_up:
            self._given_up = tuple(given_up for given_up in self._given_up if given_up != frame.message_id)
            self._log.info("answer_came_late")
        else:
            self._reject(BadFrameError("an answer nobody asked for", code=ErrorCode.PROTOCOL, answerable=False, place="$[1]"))

    def _hang_up(self) -> None:
        self._closed = True
        if self._waiting is not None and not self._waiting[1].done():
            self._waiting[1].set_exception(CutOffError("the connection ended before the answer"))

    async def _send(self, frame: Frame) -> None:
        try:
            await self._socket.send(encode(frame))
            OCPP_OUT.inc()
        except ConnectionClosed as error:
            raise DisconnectedError("the connection is closed") from error

    async def _send_if_open(self, frame: Frame) -> None:
        """Send an answer; a charger that is gone will ask again."""
        try:
            await self._send(frame)
        except DisconnectedError:
            self._log.info("answer_not_delivered")
