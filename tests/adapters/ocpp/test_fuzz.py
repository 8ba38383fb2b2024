"""Thousands of frames through everything but the network: each is answered as the standard says, or rejected aloud."""

import asyncio
import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ocpp.messages import MessageType, get_validator

from adapters.clock import VirtualClock
from adapters.ocpp import connection as shell
from adapters.ocpp.connection import Connection
from adapters.ocpp.dialect import Context
from adapters.ocpp.frames import BadFrameError, Call, ErrorCode, decode
from adapters.ocpp.pace import Pace
from adapters.ocpp.station import Station
from adapters.ocpp.v16.dialect import Dialect16
from tests.adapters.ocpp.conftest import START, make_evse
from tests.adapters.ocpp.pipe import Pipe
from tests.adapters.ocpp.strategies import TEXTS
from tests.support.transactions import MemoryTransactions

CODES = {str(code) for code in ErrorCode}


async def converse(texts: list[str]) -> tuple[Pipe, Station]:
    """Let a charger say `texts` to the dialect and hang up."""
    pipe = Pipe(*texts)
    context = Context(
        clock=VirtualClock(START),
        transactions=MemoryTransactions(),
        pseudonym=str.lower,
        on_change=lambda: None,
        meter_interval_s=60,
        heartbeat_interval_s=300,
        boot_grace_wall_s=60,
        longest_lease_s=360,
    )
    station = Station("CP-B", [make_evse("b", "CP-B")], context.on_change)
    connection = Connection(pipe, station_id="CP-B", answer_timeout_wall_s=0.01, on_rejected=station.count_rejected, pace=Pace())
    await asyncio.wait_for(connection.run(Dialect16(connection, station, context)), 10)
    return pipe, station


def expected_replies(texts: list[str]) -> list[tuple[str, str]]:
    """Return the (message id, action) that must be answered; the action of what is no request is ""."""
    replies = []
    for text in texts:
        try:
            frame = decode(text)
        except BadFrameError as error:
            if error.answerable:
                replies.append((error.message_id, ""))
        else:
            if isinstance(frame, Call):
                replies.append((frame.message_id, frame.action))
    return replies


def assert_valid(reply: list[Any], action: str) -> None:
    match reply:
        case [3, str(), dict(payload)]:
            get_validator(MessageType.CallResult, action, "1.6").validate(payload)
        case [4, str(), str(code), str(description), {}]:
            assert code in CODES
            assert len(description) <= 255
        case _:
            raise AssertionError(reply)


@settings(max_examples=500, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(TEXTS, min_size=1, max_size=shell.MAX_IN_HAND - 1))
def test_every_frame_is_answered_or_rejected(texts: list[str]) -> None:
    pipe, station = asyncio.run(converse(texts))
    due = expected_replies(texts)
    replies = [frame for frame in map(json.loads, pipe.sent) if frame[0] != MessageType.Call]
    assert sorted(reply[1] for reply in replies) == sorted(message_id for message_id, _ in due)
    for reply in replies:
        actions = [action for message_id, action in due if message_id == reply[1]]
        if reply[0] == MessageType.CallError or len(set(actions)) == 1:
            assert_valid(reply, actions[0])
    refused = sum(reply[0] == MessageType.CallError for reply in replies)
    assert station.rejected_frames >= refused - sum("try again later" in text for text in pipe.sent)
    (state,) = station.states(START, stale_after_s=180)
    assert state.power_kw is None or abs(state.power_kw.value) <= 66.0
    assert state.session is None or 0.0 <= state.session.charged_kwh < float("inf")
