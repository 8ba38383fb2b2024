import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.ocpp.frames import (
    MAX_DEPTH,
    UNREADABLE_ID,
    BadFrameError,
    Call,
    CallError,
    CallResult,
    ErrorCode,
    Frame,
    decode,
    encode,
)
from tests.adapters.ocpp.strategies import TEXTS

PAYLOADS = st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=5), st.integers(-99, 99) | st.booleans(), max_size=3)
IDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=36)
WORDS = st.text(st.characters(codec="utf-8"), max_size=20)
FRAMES = (
    st.builds(Call, message_id=IDS, action=WORDS, payload=PAYLOADS)
    | st.builds(CallResult, message_id=IDS, payload=PAYLOADS)
    | st.builds(CallError, message_id=IDS, code=WORDS, description=WORDS)
)


@given(FRAMES)
def test_decode_undoes_encode(frame: Frame) -> None:
    assert decode(encode(frame)) == frame


@settings(max_examples=1000)
@given(TEXTS)
def test_any_text_is_a_frame_or_a_declared_error(text: str) -> None:
    try:
        frame = decode(text)
    except BadFrameError:
        return
    assert decode(encode(frame)) == frame


@pytest.mark.parametrize(
    ("text", "code", "message_id", "answerable"),
    [
        ("{", ErrorCode.FORMATION, UNREADABLE_ID, True),
        ("{}", ErrorCode.PROTOCOL, UNREADABLE_ID, True),
        (b"[]", ErrorCode.FORMATION, UNREADABLE_ID, True),
        ('[2,"a","Heartbeat",{"x":NaN}]', ErrorCode.FORMATION, UNREADABLE_ID, True),
        ('[2,"a","Heartbeat",{"x":1e999}]', ErrorCode.FORMATION, UNREADABLE_ID, True),
        (f'[2,"a","Heartbeat",{{"x":{"9" * 19}}}]', ErrorCode.FORMATION, UNREADABLE_ID, True),
        ('[2,"a","Heartbeat",{"x":"\\ud800"}]', ErrorCode.FORMATION, UNREADABLE_ID, True),
        ("[" * 100_000, ErrorCode.FORMATION, UNREADABLE_ID, True),
        ('[2,"a","Heartbeat"]', ErrorCode.PROTOCOL, "a", True),
        ('[2,"a","Heartbeat",[]]', ErrorCode.PROTOCOL, "a", True),
        ('[2,"a",7,{}]', ErrorCode.PROTOCOL, "a", True),
        ('[2,7,"Heartbeat",{}]', ErrorCode.PROTOCOL, UNREADABLE_ID, True),
        ('[2,"","Heartbeat",{}]', ErrorCode.PROTOCOL, UNREADABLE_ID, True),
        (f'[2,"{"x" * 256}","Heartbeat",{{}}]', ErrorCode.PROTOCOL, UNREADABLE_ID, True),
        ('[3,"a"]', ErrorCode.PROTOCOL, UNREADABLE_ID, False),
        ('[4,"a"]', ErrorCode.PROTOCOL, UNREADABLE_ID, False),
        ('[9,"a","Heartbeat",{}]', ErrorCode.PROTOCOL, UNREADABLE_ID, False),
        ("[]", ErrorCode.PROTOCOL, UNREADABLE_ID, False),
    ],
)
def test_what_is_no_frame_says_why_and_whom_to_answer(text: str | bytes, code: str, message_id: str, answerable: bool) -> None:
    with pytest.raises(BadFrameError) as caught:
        decode(text)
    assert (caught.value.code, caught.value.message_id, caught.value.answerable) == (code, message_id, answerable)


def test_whole_characters_beyond_the_basic_plane_are_welcome() -> None:
    assert decode('[3,"a",{"x":"\\ud83d\\ude97"}]') == CallResult(message_id="a", payload={"x": "\U0001f697"})


@pytest.mark.parametrize(("levels", "fits"), [(MAX_DEPTH - 1, True), (MAX_DEPTH, False)])
def test_depth_is_bounded(levels: int, fits: bool) -> None:
    payload = json.loads('{"a":' * (levels - 1) + "1" + "}" * (levels - 1))
    text = json.dumps([3, "a", payload])
    if fits:
        assert decode(text) == CallResult(message_id="a", payload=payload)
    else:
        with pytest.raises(BadFrameError, match="nested too deeply"):
            decode(text)
