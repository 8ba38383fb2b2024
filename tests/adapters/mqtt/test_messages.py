import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.mqtt.messages import (
    Ack,
    BatteryReport,
    EvseReport,
    Held,
    MeterReport,
    dump_setpoint,
    instant,
    parse_ack,
    parse_battery,
    parse_evse,
    parse_meter,
    parse_status,
    text,
)
from tests.adapters.mqtt.support import EXAMPLES, NOW, evse_state, later, mutations
from v2g.errors import FrameError
from v2g.session import ChargingSession, Vehicle, Wishes
from v2g.setpoint import Setpoint


def encoded(message: Any) -> bytes:
    return json.dumps(message).encode()


def test_the_outlet_of_the_page_is_understood_to_the_last_field() -> None:
    assert parse_evse(encoded(EXAMPLES["evse_state"]), "topic", "A") == EvseReport(
        at=NOW,
        session=ChargingSession(
            session_id="9f0c1d",
            evse_id="A",
            plugged_in_at=datetime(2026, 1, 1, 8, 3, 20, tzinfo=UTC),
            driver="p-5b1e",
            wishes=Wishes(
                soc_target_frac=0.8, departure=datetime(2026, 1, 1, 17, tzinfo=UTC), discharge_consent=True, soc_floor_frac=0.3
            ),
            vehicle=Vehicle(capacity_kwh=62.0, charge_max_kw=11.0, discharge_max_kw=11.0),
            charged_kwh=12.4,
            discharged_kwh=1.1,
            soc_frac=0.55,
            soc_at=NOW,
        ),
        power_kw=-4.2,
        held=Held(at=NOW, setpoint_kw=-5.0, lease_until=later(900)),
        fault="",
    )


def test_nothing_is_assumed_of_a_driver_who_said_nothing() -> None:
    for unsaid in ({}, {"wishes": None, "vehicle": None}, {"wishes": {}, "vehicle": {}, "soc_frac": None}):
        state = evse_state()
        state["session"] |= unsaid
        session = parse_evse(encoded(state), "topic", "A").session
        assert session is not None
        assert session.wishes == Wishes()
        assert session.vehicle == Vehicle()
        assert session.soc_frac is None
        assert session.soc_at is None


def test_a_free_outlet_has_no_session_and_keeps_nothing() -> None:
    report = parse_evse(encoded(evse_state(session_id=None, setpoint_kw=None, lease_until=None)), "topic", "A")
    assert report == EvseReport(at=NOW, session=None, power_kw=0.0, held=Held(at=NOW), fault="")


def test_the_other_messages_of_the_page_are_understood() -> None:
    held = Held(at=NOW, setpoint_kw=-20.0, lease_until=later(900))
    assert parse_battery(encoded(EXAMPLES["battery_state"]), "t") == BatteryReport(at=NOW, soc_frac=0.48, power_kw=-20.0, held=held)
    assert parse_meter(encoded(EXAMPLES["meter"]), "t") == MeterReport(at=NOW, power_kw=87.5)
    assert parse_status(encoded(EXAMPLES["status"]), "t") is True
    assert parse_status(b'{"online": false}', "t") is False
    ack = EXAMPLES["ack"]
    assert parse_ack(encoded(ack), "t") == Ack(
        setpoint_id=ack["setpoint_id"], at=later(0.3), accepted=True, power_kw=-4.0, reason=""
    )


def test_the_setpoint_of_the_page_is_what_the_daemon_sends() -> None:
    setpoint = Setpoint(unit_id="A", power_kw=-5.0, valid_until=later(900))
    payload = dump_setpoint(setpoint, setpoint_id=EXAMPLES["setpoint"]["setpoint_id"], at=NOW, fallback_kw=1.4)
    assert json.loads(payload) == EXAMPLES["setpoint"]


ZONES = st.sampled_from([UTC, timezone(timedelta(hours=8)), timezone(-timedelta(hours=3.5))])


@given(st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 1, 1), timezones=ZONES))  # noqa: DTZ001 (bounds are naive)
def test_instants_survive_the_wire(at: datetime) -> None:
    assert instant(text(at), "topic") == at


@pytest.mark.parametrize("words", ["2026-02-30T12:00:00Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
def test_an_instant_that_no_calendar_has_is_refused(words: str) -> None:
    with pytest.raises(FrameError, match="no such instant"):
        parse_meter(encoded({"at": words, "power_kw": 1.0}), "topic")


PARSERS = {
    "status": parse_status,
    "evse_state": lambda payload, place: parse_evse(payload, place, "A"),
    "battery_state": parse_battery,
    "meter": parse_meter,
    "ack": parse_ack,
}


@pytest.mark.parametrize("name", PARSERS)
@settings(max_examples=40)
@given(data=st.data())
def test_a_mutated_message_is_understood_or_refused_and_nothing_else(name: str, data: st.DataObject) -> None:
    with suppress(FrameError):
        PARSERS[name](encoded(data.draw(mutations(EXAMPLES[name]))), "topic")
