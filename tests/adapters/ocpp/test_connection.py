"""The shell around the frames, without a network: who is answered, who waits for whom, and how it ends."""

import asyncio
import gc
import json
from typing import Any

import pytest

from adapters.ocpp.connection import MAX_IN_HAND, MAX_STRIKES, AnswerTimeoutError, Connection, DisconnectedError, RefusedError
from adapters.ocpp.frames import BadFrameError, ErrorCode, Payload
from adapters.ocpp.pace import Pace
from tests.adapters.ocpp.pipe import Pipe
from v2g.errors import UnavailableError

HEARTBEAT = '[2,"h","Heartbeat",{}]'


class Echo:
    """Answers a request with its own payload; "Slow" waits for `released`, "Bad" and "Absent" refuse."""

    def __init__(self) -> None:
        self.released = asyncio.Event()
        self.noted: list[str] = []

    async def answer(self, action: str, payload: Payload) -> Payload:
        match action:
            case "Slow":
                await self.released.wait()
            case "Bad":
                raise BadFrameError("no good", code=ErrorCode.PROPERTY, place="$.x")
            case "Absent":
                raise UnavailableError("no store")
            case "Broken":
                raise RuntimeError("a fault of ours")
        return payload

    def answered(self, action: str) -> None:
        self.noted.append(action)

    def heard(self, action: str, _: Payload) -> None:
        if action == "Bad":
            raise BadFrameError("no good", code=ErrorCode.PROTOCOL, answerable=False)
        self.noted.append(action)

    def code(self, error: BadFrameError) -> str:
        return error.code

    async def attend(self) -> None:
        await asyncio.Event().wait()


class Line:
    """A connection over a pipe."""

    def __init__(self, *texts: str | bytes, hold_open: bool = False, timeout_s: float = 0.2) -> None:
        self.pipe = Pipe(*texts, hold_open=hold_open)
        self.echo = Echo()
        self.rejected = 0
        self.connection = Connection(
            self.pipe, station_id="CP", answer_timeout_wall_s=timeout_s, on_rejected=self._count, pace=Pace()
        )

    def _count(self) -> None:
        self.rejected += 1

    @property
    def sent(self) -> list[Any]:
        return [json.loads(text) for text in self.pipe.sent]

    async def run(self) -> None:
        await asyncio.wait_for(self.connection.run(self.echo), 5)

    async def asked(self) -> Any:
        """Return the next request of the central system's."""
        return json.loads(await self.pipe.take())


async def test_requests_are_answered_and_then_noted() -> None:
    line = Line('[2,"a","Echo",{"x":1}]')
    await line.run()
    assert line.sent == [[3, "a", {"x": 1}]]
    assert line.echo.noted == ["Echo"]
    assert line.pipe.closed is None


async def test_refusals_name_the_request() -> None:
    line = Line('[2,"a","Bad",{}]', '[2,"b","Absent",{}]', "nonsense", '[3,"c"]')
    await line.run()
    assert [frame[:3] for frame in line.sent] == [
        [4, "a", "PropertyConstraintViolation"],
        [4, "b", "InternalError"],
        [4, "-1", "FormationViolation"],
    ]
    assert line.rejected == 3
    assert line.echo.noted == []


async def test_a_slow_request_holds_up_no_other_and_no_answer_to_us() -> None:
    line = Line('[2,"s","Slow",{}]', HEARTBEAT, hold_open=True)
    running = asyncio.create_task(line.run())
    assert await line.asked() == [3, "h", {}]
    calling = asyncio.create_task(line.connection.call("Reset", {}))
    message_id = (await line.asked())[1]
    line.pipe.put(json.dumps([3, message_id, {"status": "Accepted"}]))
    assert await calling == {"status": "Accepted"}
    line.echo.released.set()
    assert await line.asked() == [3, "s", {}]
    line.pipe.put(None)
    await running


async def test_a_line_that_ends_while_a_request_is_sent_leaves_nothing_unheard() -> None:
    line, unheard = Line(hold_open=True), list[object]()
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: unheard.append(context))
    running = asyncio.create_task(line.run())
    calling = asyncio.create_task(line.connection.call("Reset", {}))
    await asyncio.sleep(0)
    line.pipe.broken = True
    line.connection.end("replaced")
    with pytest.raises(DisconnectedError):
        await calling
    await running
    del calling
    gc.collect()
    assert not unheard


async def test_a_crowd_of_requests_is_refused_beyond_a_bound() -> None:
    line = Line(*[f'[2,"{i}","Slow",{{}}]' for i in range(MAX_IN_HAND + 2)], hold_open=True)
    running = asyncio.create_task(line.run())
    refused = [await line.asked(), await line.asked()]
    assert [frame[:3] for frame in refused] == [[4, str(MAX_IN_HAND + i), "GenericError"] for i in range(2)]
    line.echo.released.set()
    line.pipe.put(None)
    await running
    assert len(line.sent) == MAX_IN_HAND


async def test_we_ask_one_thing_at_a_time() -> None:
    line = Line(hold_open=True)
    running = asyncio.create_task(line.run())
    calls = [asyncio.create_task(line.connection.call("Reset", {"n": n})) for n in range(3)]
    for n in range(3):
        request = await line.asked()
        await asyncio.sleep(0.01)
        assert request[3] == {"n": n}
        assert line.pipe.sent == []
        line.pipe.put(json.dumps([3, request[1], {"n": n}]))
    assert await asyncio.gather(*calls) == [{"n": n} for n in range(3)]
    line.pipe.put(None)
    await running


async def test_a_refusal_a_silence_and_a_late_answer() -> None:
    line = Line(hold_open=True)
    running = asyncio.create_task(line.run())
    calling = asyncio.create_task(line.connection.call("Reset", {}))
    line.pipe.put(json.dumps([4, (await line.asked())[1], "NotSupported", "no", {}]))
    with pytest.raises(RefusedError, match="NotSupported: no"):
        await calling
    with pytest.raises(AnswerTimeoutError, match="no answer to Reset"):
        await line.connection.call("Reset", {})
    late = json.dumps([3, (await line.asked())[1], {}])
    line.pipe.put(late)
    line.pipe.put(late)
    line.pipe.put('[3,"never asked",{}]')
    line.pipe.put(None)
    await running
    assert line.rejected == 2, "a late answer is no nonsense, but twice it is, and so is an answer to nothing"


async def test_the_end_of_a_connection_ends_its_calls() -> None:
    line = Line(hold_open=True, timeout_s=5)
    running = asyncio.create_task(line.run())
    calls = [asyncio.create_task(line.connection.call("Reset", {})) for _ in range(2)]
    await line.asked()
    line.pipe.put(None)
    await running
    for call in calls:
        with pytest.raises(DisconnectedError):
            await call
    with pytest.raises(DisconnectedError):
        await line.connection.call("Reset", {})


async def test_a_socket_that_breaks_on_sending() -> None:
    line = Line(HEARTBEAT, "nonsense")
    line.pipe.broken = True
    await line.run()
    with pytest.raises(DisconnectedError):
        await line.connection.call("Reset", {})


@pytest.mark.parametrize("nonsense", ["{", '[2,"a","Bad",{}]', '[3,"nobody asked",{}]', '[4,"x"]'])
async def test_repeated_nonsense_closes_the_connection(nonsense: str) -> None:
    line = Line(hold_open=True)
    running = asyncio.create_task(line.run())
    for _ in range(MAX_STRIKES):
        assert line.pipe.closed is None
        line.pipe.put(nonsense)
        await asyncio.sleep(0.001)
    await running
    assert line.pipe.closed == (1008, "too many unusable messages")
    assert line.rejected == MAX_STRIKES


async def test_nonsense_between_sound_requests_is_borne() -> None:
    line = Line(hold_open=True)
    running = asyncio.create_task(line.run())
    for _ in range(2 * MAX_STRIKES):
        line.pipe.put("{")
        line.pipe.put(HEARTBEAT)
        assert [(await line.asked())[0] for _ in range(2)] == [4, 3]
    line.pipe.put(None)
    await running
    assert line.pipe.closed is None
    assert line.rejected == 2 * MAX_STRIKES


async def test_an_ended_connection_reads_nothing_more() -> None:
    line = Line(hold_open=True)
    running = asyncio.create_task(line.run())
    await asyncio.sleep(0)
    line.connection.end("enough")
    line.pipe.put(HEARTBEAT)
    await running
    assert line.sent == []
    assert line.pipe.closed == (1008, "enough")


async def test_a_fault_of_ours_ends_the_connection_and_says_so() -> None:
    line = Line('[2,"a","Broken",{}]', hold_open=True, timeout_s=5)
    running = asyncio.create_task(line.run())
    with pytest.raises(ExceptionGroup) as caught:
        await running
    assert caught.group_contains(RuntimeError, match="a fault of ours")
    with pytest.raises(DisconnectedError):
        await line.connection.call("Reset", {})
