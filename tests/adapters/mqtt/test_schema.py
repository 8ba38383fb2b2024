import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from adapters.mqtt.schema import MAX_PAYLOAD_BYTES, contract, dump, load, parse
from tests.adapters.mqtt.support import EXAMPLES, evse_state
from v2g.errors import FrameError

NAMES = (*EXAMPLES, "daemon_status", "shown_outlet", "shown_site")


@pytest.mark.parametrize("name", [*NAMES, "common"])
def test_every_schema_is_a_schema(name: str) -> None:
    Draft202012Validator.check_schema(load(name))


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_of_the_page_fit_and_come_back_unchanged(name: str) -> None:
    assert parse(name, dump(name, EXAMPLES[name], "example"), "topic") == EXAMPLES[name]


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_contract_is_one_schema_that_stands_alone(name: str) -> None:
    whole = contract()
    assert sorted(whole["$defs"]) == sorted(NAMES)
    assert ".json" not in json.dumps(whole)
    validator = Draft202012Validator({**whole, "$ref": f"#/$defs/{name}"})
    validator.validate(EXAMPLES[name])
    assert not validator.is_valid({**EXAMPLES[name], "at": "yesterday"})


@pytest.mark.parametrize("name", ["status", "evse_state", "battery_state", "asset_state", "ack", "meter"])
def test_devices_may_say_more_than_we_know(name: str) -> None:
    assert parse(name, json.dumps({**EXAMPLES[name], "later_version": [1]}).encode(), "topic")["later_version"] == [1]


@pytest.mark.parametrize("name", ["setpoint", "plan"])
def test_the_daemon_may_not(name: str) -> None:
    with pytest.raises(FrameError, match="additionalProperties"):
        dump(name, {**EXAMPLES[name], "later_version": 1}, "here")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("power_kw", math.inf),
        ("power_kw", -10_001),
        ("power_kw", "7.4"),
        ("power_kw", True),
        ("power_kw", None),
        ("at", "2026-01-01T12:00:00"),
        ("at", "yesterday"),
        ("at", 1767268800),
        ("plugged", "yes"),
        ("session", None),
        ("session", {"session_id": "x"}),
        ("session", {**EXAMPLES["evse_state"]["session"], "soc_frac": 55}),
        ("session", {**EXAMPLES["evse_state"]["session"], "charged_kwh": -0.1}),
        ("session", {**EXAMPLES["evse_state"]["session"], "session_id": ""}),
        ("session", {**EXAMPLES["evse_state"]["session"], "driver": "\ud800"}),
        ("session", {**EXAMPLES["evse_state"]["session"], "driver": "a\0b"}),
        ("session", {**EXAMPLES["evse_state"]["session"], "wishes": {"priority": 0}}),
        ("session", {**EXAMPLES["evse_state"]["session"], "wishes": {"discharge_consent": None}}),
        ("session", {**EXAMPLES["evse_state"]["session"], "vehicle": {"capacity_kwh": 0}}),
        ("fault", 3),
    ],
)
def test_a_field_of_the_wrong_kind_or_out_of_range_is_refused(field: str, value: Any) -> None:
    payload = json.dumps({**EXAMPLES["evse_state"], field: value}).replace("Infinity", "1e999").encode()
    with pytest.raises(FrameError, match=rf"topic: \$\.{field}.*breaks") as caught:
        parse("evse_state", payload, "topic")
    assert "evse_state.json" in caught.value.mend


@pytest.mark.parametrize("field", ["at", "plugged", "session", "power_kw"])
def test_a_missing_field_is_refused(field: str) -> None:
    state = evse_state()
    del state[field]
    with pytest.raises(FrameError, match="required"):
        parse("evse_state", json.dumps(state).encode(), "topic")


def test_a_session_without_a_car_is_refused() -> None:
    with pytest.raises(FrameError, match=r"\$\.session"):
        parse("evse_state", json.dumps({**EXAMPLES["evse_state"], "plugged": False}).encode(), "topic")


def test_a_setpoint_in_force_without_its_lease_is_refused() -> None:
    with pytest.raises(FrameError, match="dependentRequired"):
        parse("evse_state", json.dumps(evse_state(setpoint_kw=3.0)).encode(), "topic")


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b"[" * 10_000,
        b"\xff\xfe",
        b"NaN",
        b'{"at": "2026-01-01T12:00:00Z", "power_kw": NaN}',
        b"9" * 5000,
        b"[]",
        b"null",
    ],
    ids=["empty", "cut", "deep", "binary", "nan", "nan inside", "huge number", "list", "null"],
)
def test_what_is_no_object_of_finite_numbers_is_refused(payload: bytes) -> None:
    with pytest.raises(FrameError, match="topic"):
        parse("meter", payload, "topic")


def test_a_payload_that_is_too_large_is_refused_unread() -> None:
    filled = {**EXAMPLES["meter"], "padding": "x" * MAX_PAYLOAD_BYTES}
    with pytest.raises(FrameError, match="bytes are too many"):
        parse("meter", json.dumps(filled).encode(), "topic")


def test_an_error_never_repeats_what_a_person_may_have_said() -> None:
    session = {**EXAMPLES["evse_state"]["session"], "driver": "04A2-secret-tag" * 30}
    with pytest.raises(FrameError) as caught:
        parse("evse_state", json.dumps({**EXAMPLES["evse_state"], "session": session}).encode(), "topic")
    assert "secret" not in str(caught.value)


def test_the_daemon_cannot_send_what_is_not_a_number() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        dump("setpoint", {**EXAMPLES["setpoint"], "power_kw": math.nan}, "here")
    with pytest.raises(FrameError, match="maximum"):
        dump("setpoint", {**EXAMPLES["setpoint"], "power_kw": math.inf}, "here")


@given(st.binary(max_size=200), st.sampled_from(NAMES))
def test_random_bytes_raise_only_frame_errors(payload: bytes, name: str) -> None:
    with pytest.raises(FrameError):
        parse(name, payload, "topic")
