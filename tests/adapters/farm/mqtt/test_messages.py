import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.farm.mqtt.messages import read_command, setpoint_id_of, write
from v2g.errors import FrameError

GOOD: dict[str, Any] = {
    "setpoint_id": "s1",
    "at": "2026-01-05T08:00:00Z",
    "power_kw": -5,
    "valid_until": "2026-01-05T16:15:00+08:00",
    "fallback_kw": 1.4,
}


def raw(**changes: Any) -> bytes:
    return json.dumps({**GOOD, **changes}).encode()


def test_a_setpoint_is_read_in_utc() -> None:
    command = read_command(raw())
    assert (command.setpoint_id, command.power_kw, command.fallback_kw) == ("s1", -5.0, 1.4)
    assert command.valid_until == datetime(2026, 1, 5, 8, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"power_kw": "5"}, "power_kw"),
        ({"power_kw": True}, "power_kw"),
        ({"power_kw": float("nan")}, "power_kw"),
        ({"fallback_kw": None}, "fallback_kw"),
        ({"valid_until": "banana"}, "valid_until"),
        ({"at": "2026-01-05T08:00:00"}, "at"),
        ({"setpoint_id": ""}, "setpoint_id"),
    ],
)
def test_a_broken_field_is_named(change: dict[str, Any], place: str) -> None:
    with pytest.raises(FrameError, match=f"^{place}: "):
        read_command(raw(**change))


@given(st.binary(max_size=200))
def test_random_bytes_raise_only_what_is_declared(noise: bytes) -> None:
    assert setpoint_id_of(noise) is None
    with pytest.raises(FrameError):
        read_command(noise)


def test_instants_are_written_as_utc_and_nothing_infinite_is() -> None:
    assert write({"at": datetime(2026, 1, 5, 8, 0, 0, 500000, tzinfo=UTC)}) == '{"at": "2026-01-05T08:00:00.500000Z"}'
    with pytest.raises(ValueError, match="not JSON compliant"):
        write({"power_kw": float("inf")})
    with pytest.raises(TypeError):
        write({"power_kw": object()})
