import asyncio
import json
from typing import Any

import pytest
from structlog.testing import capture_logs

from adapters.mqtt.inbox import MAX_COUNTED_TOPICS, OTHER_TOPICS, Inbox
from adapters.mqtt.messages import Held
from adapters.mqtt.topics import Topics
from tests.adapters.mqtt.support import EXAMPLES, NOW, a_site, evse_state, later, words
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

    def tell(self, topic: str, message: Any) -> None:
        self.take(topic, json.dumps(message).encode())


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
    before = (inbox.evses.copy(), inbox.batteries.copy(), inbox.meters.copy(), inbox.held("A", NOW), inbox.changes)
    with capture_logs() as events:
        inbox.take(topic, payload)
    assert (inbox.evses, inbox.batteries, inbox.meters, inbox.held("A", NOW), inbox.changes) == before
    assert inbox.refused == {topic: 1}
    assert events[0]["event"] == "mqtt_payload_refused"
    assert events[0]["topic"] == topic
    assert events[0]["error"]
    assert events[0]["mend"]


def test_a_babbling_device_fills_neither_the_log_nor_the_memory(inbox: Counted) -> None:
    with capture_logs() as events:
        for _ in range(100):
            inbox.take(STATE_A, b"{")
    assert [event["count"] for event in events] == [1, 2, 4, 8, 16, 32, 64]
    for n in range(2 * MAX_COUNTED_TOPICS):
        inbox.take(f"{CP1}/evse/{n + 10}/state", b"{")
    assert len(inbox.refused) == MAX_COUNTED_TOPICS + 1
    assert inbox.refused[OTHER_TOPICS] == MAX_COUNTED_TOPICS + 1
    assert inbox.refused.total() == 100 + 2 * MAX_COUNTED_TOPICS


def test_a_setpoint_counts_as_kept_until_its_lease_runs_out(inbox: Counted) -> None:
    inbox.tell(STATE_A, evse_state(setpoint_kw=3.0, lease_until=words(later(60))))
    assert inbox.held("A", later(59)) == Held(at=NOW, setpoint_kw=3.0, lease_until=later(60))
    assert inbox.held("A", later(60)) is None
    inbox.tell(STATE_A, evse_state(later(1), setpoint_kw=None, lease_until=None))
    assert inbox.held("A", later(2)) is None


async def test_an_answer_puts_its_setpoint_in_force_and_an_older_state_does_not_undo_it(inbox: Counted) -> None:
    answer = inbox.expect("id", Setpoint(unit_id="A", power_kw=-5.0, valid_until=later(900)))
    inbox.tell(ACK_A, {"setpoint_id": "id", "at": words(later(1)), "result": "accepted", "power_kw": -4.0})
    assert (await answer).power_kw == -4.0
    inbox.tell(STATE_A, evse_state(NOW, setpoint_kw=11.0, lease_until=words(later(900))))
    assert inbox.held("A", later(1)) == Held(at=later(1), setpoint_kw=-4.0, lease_until=later(900))


async def test_a_refusal_leaves_in_force_what_was(inbox: Counted) -> None:
    inbox.tell(STATE_A, evse_state(setpoint_kw=3.0, lease_until=words(later(60))))
    answer = inbox.expect("id", Setpoint(unit_id="A", power_kw=7.0, valid_until=later(900)))
    inbox.tell(ACK_A, {"setpoint_id": "id", "at": words(later(1)), "result": "rejected", "power_kw": 3.0, "reason": "no"})
    assert not (await answer).accepted
    held = inbox.held("A", later(1))
    assert held is not None
    assert held.setpoint_kw == 3.0


async def test_an_answer_that_comes_too_late_for_the_sender_still_counts_until_the_setpoint_expires(inbox: Counted) -> None:
    for setpoint_id, valid_s in (("late", 900), ("expired", 10)):
        answer = inbox.expect(setpoint_id, Setpoint(unit_id="A", power_kw=5.0, valid_until=later(valid_s)))
        answer.cancel()
    inbox.forget_expired(later(20))
    inbox.tell(ACK_A, {"setpoint_id": "late", "at": words(later(20)), "result": "accepted", "power_kw": 5.0})
    held = inbox.held("A", later(21))
    assert held is not None
    assert held.setpoint_kw == 5.0
    inbox.tell(ACK_A, {"setpoint_id": "expired", "at": words(later(21)), "result": "accepted", "power_kw": 9.0})
    assert inbox.refused == {ACK_A: 1}


async def test_an_answer_on_another_units_topic_answers_nothing(inbox: Counted) -> None:
    answer = inbox.expect("id", Setpoint(unit_id="B", power_kw=5.0, valid_until=later(900)))
    inbox.tell(ACK_A, {"setpoint_id": "id", "at": words(NOW), "result": "accepted", "power_kw": 5.0})
    await asyncio.sleep(0)
    assert not answer.done()
    assert inbox.refused == {ACK_A: 1}
