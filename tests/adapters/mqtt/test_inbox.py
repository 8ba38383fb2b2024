import asyncio
import json
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from adapters.mqtt.inbox import MAX_COUNTED_TOPICS, OTHER_TOPICS, Inbox
from adapters.mqtt.readings import STALE_AFTER_S
from adapters.mqtt.topics import Topics
from tests.adapters.mqtt.support import EXAMPLES, NOW, a_site, evse_state, later, mutations, words
from v2g.setpoint import Setpoint

CP1 = "v2g/v1/S1/station/CP1"
STATE_A, ACK_A = f"{CP1}/evse/1/state", f"{CP1}/evse/1/ack"


class Counted(Inbox):
    """An inbox that counts its calls of on_change."""

    def __init__(self) -> None:
        self.changes = 0
        super().__init__(a_site(), Topics("S1"), on_change=self._count)

    def _count(self) -> None:
        self.changes += 1

    def tell(self, topic: str, message: Any, now: datetime = NOW) -> None:
        self.take(topic, json.dumps(message).encode(), now)


@pytest.fixture
def inbox() -> Counted:
    return Counted()


def test_a_plug_in_an_exchange_and_an_unplug_are_changes_and_mere_progress_is_none(inbox: Counted) -> None:
    for session_id, changes in ((None, 0), ("first", 1), ("first", 1), ("second", 2), (None, 3), (None, 3)):
        inbox.tell(STATE_A, evse_state(session_id=session_id))
        assert inbox.changes == changes


def test_coming_and_going_are_changes(inbox: Counted) -> None:
    for online, changes in ((False, 0), (True, 1), (True, 1), (False, 2)):
        inbox.tell(f"{CP1}/status", {"online": online})
        assert inbox.changes == changes
        assert inbox.is_online(f"{CP1}/status") is online


def test_a_lost_link_makes_everybody_offline_and_keeps_what_was_said(inbox: Counted) -> None:
    inbox.tell(f"{CP1}/status", {"online": True})
    inbox.tell(STATE_A, evse_state())
    inbox.link_lost()
    inbox.link_lost()
    assert not inbox.is_online(f"{CP1}/status")
    assert inbox.evses["A"].at == NOW
    assert inbox.changes == 3


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        (STATE_A, b"not json"),
        (STATE_A, json.dumps({**evse_state(session_id="other"), "power_kw": "7"}).encode()),
        (STATE_A, b'{"at": "2026-01-01T12:00:00Z", "plugged": false, "session": null, "power_kw": NaN}'),
        (STATE_A, b" " * 20_000),
        (f"{CP1}/evse/01/state", json.dumps(evse_state()).encode()),
        ("v2g/v1/S1/station/CP9/evse/1/state", json.dumps(evse_state()).encode()),
        ("v2g/v1/S2/station/CP1/evse/1/state", json.dumps(evse_state()).encode()),
        ("v2g/v1/S1/battery/OTHER/state", json.dumps(EXAMPLES["battery_state"]).encode()),
        ("v2g/v1/S1/meter/other", json.dumps(EXAMPLES["meter"]).encode()),
        (f"{CP1}/status", b'{"online": "yes"}'),
        (ACK_A, json.dumps(EXAMPLES["ack"]).encode()),
    ],
    ids=[
        "no JSON",
        "schema",
        "NaN",
        "too large",
        "odd connector",
        "OCPP outlet",
        "other site",
        "battery",
        "meter",
        "status",
        "ack",
    ],
)
def test_what_cannot_be_used_changes_nothing_and_is_said_and_counted(inbox: Counted, topic: str, payload: bytes) -> None:
    inbox.tell(STATE_A, evse_state())
    before = (inbox.evses.copy(), inbox.batteries.copy(), inbox.meters.copy(), inbox.promises.held("A", NOW), inbox.changes)
    with capture_logs() as events:
        inbox.take(topic, payload, NOW)
    assert (inbox.evses, inbox.batteries, inbox.meters, inbox.promises.held("A", NOW), inbox.changes) == before
    assert inbox.refused == {topic: 1}
    assert events[0]["event"] == "mqtt_payload_refused"
    assert events[0]["topic"] == topic
    assert events[0]["error"]
    assert events[0]["mend"]


def test_a_babbling_device_fills_neither_the_log_nor_the_memory(inbox: Counted) -> None:
    with capture_logs() as events:
        for _ in range(100):
            inbox.take(STATE_A, b"{", NOW)
    assert [event["count"] for event in events] == [1, 2, 4, 8, 16, 32, 64]
    for n in range(2 * MAX_COUNTED_TOPICS):
        inbox.take(f"{CP1}/evse/{n + 10}/state", b"{", NOW)
    assert len(inbox.refused) == MAX_COUNTED_TOPICS + 1
    assert inbox.refused[OTHER_TOPICS] == MAX_COUNTED_TOPICS + 1
    assert inbox.refused.total() == 100 + 2 * MAX_COUNTED_TOPICS


def test_a_message_that_comes_late_does_not_undo_a_younger_one_but_a_clock_set_back_is_believed_in_the_end(inbox: Counted) -> None:
    inbox.tell(STATE_A, evse_state(later(10), session_id=None), later(10))
    inbox.tell(STATE_A, evse_state(later(9), session_id="old"), later(11))
    assert inbox.evses["A"].session is None
    inbox.tell(STATE_A, evse_state(later(9), session_id="set back"), later(10 + STALE_AFTER_S + 1))
    assert inbox.evses["A"].session is not None


def test_a_clock_that_was_fast_for_a_moment_does_not_silence_its_device(inbox: Counted) -> None:
    inbox.tell(STATE_A, evse_state(later(1e8), session_id="tomorrow"), NOW)
    inbox.tell(STATE_A, evse_state(later(1), session_id="now"), later(1))
    session = inbox.evses["A"].session
    assert session is not None
    assert session.session_id == "now"


async def test_an_answer_on_another_units_topic_answers_nothing(inbox: Counted) -> None:
    answer = inbox.promises.expect("id", Setpoint(unit_id="B", power_kw=5.0, valid_until=later(900)), NOW)
    inbox.tell(ACK_A, {"setpoint_id": "id", "at": words(NOW), "result": "accepted", "power_kw": 5.0})
    await asyncio.sleep(0)
    assert not answer.done()
    assert inbox.refused == {ACK_A: 1}


MESSAGES = st.sampled_from(
    [(f"{CP1}/status", EXAMPLES["status"]), (STATE_A, EXAMPLES["evse_state"]), (ACK_A, EXAMPLES["ack"]),
     ("v2g/v1/S1/battery/BAT/state", EXAMPLES["battery_state"]), ("v2g/v1/S1/asset/H2/state", EXAMPLES["asset_state"]),
     ("v2g/v1/S1/meter/pv", EXAMPLES["meter"])]
)  # fmt: skip


@settings(max_examples=50)
@given(MESSAGES, st.data())
def test_whatever_one_device_sends_no_other_is_touched(message: tuple[str, Any], data: st.DataObject) -> None:
    inbox = Counted()
    b = STATE_A.replace("/evse/1/", "/evse/2/")
    inbox.tell(b, evse_state(session_id="b", setpoint_kw=3.0, lease_until=words(later(900))))
    before = (inbox.evses["B"], inbox.promises.held("B", NOW))
    topic, said = message
    payload = json.dumps(data.draw(mutations(said))).encode()
    cut = data.draw(st.integers(0, len(payload)))
    inbox.take(topic, data.draw(st.sampled_from([payload, payload[:cut], payload * 2])), NOW)
    assert (inbox.evses["B"], inbox.promises.held("B", NOW)) == before
    assert set(inbox.evses) <= {"A", "B"}


@given(st.text(max_size=40) | st.sampled_from(["v2g/v1/S1/", f"{CP1}/evse/1/setpoint"]), st.binary(max_size=40))
def test_no_topic_and_no_bytes_do_more_than_be_refused(topic: str, payload: bytes) -> None:
    inbox = Counted()
    inbox.take(topic, payload, NOW)
    assert (inbox.refused.total(), inbox.changes, inbox.evses) == (1, 0, {})
