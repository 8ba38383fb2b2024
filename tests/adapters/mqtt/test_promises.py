"""What a unit is taken to follow, after answers and states in any order."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.mqtt.messages import Ack, Held
from adapters.mqtt.promises import Promises
from tests.adapters.mqtt.support import NOW, later
from v2g.errors import FrameError
from v2g.setpoint import Setpoint


def setpoint(power_kw: float, lease_s: float = 900.0) -> Setpoint:
    return Setpoint(unit_id="A", power_kw=power_kw, valid_until=later(lease_s))


def ack(setpoint_id: str, at: datetime, power_kw: float, *, accepted: bool = True) -> Ack:
    return Ack(setpoint_id=setpoint_id, at=at, accepted=accepted, power_kw=power_kw, reason="")


def in_force_kw(promises: Promises, now: datetime) -> float | None:
    held = promises.held("A", now)
    return held.in_force_kw(now) if held else None


@pytest.fixture
def promises() -> Promises:
    return Promises()


def test_a_lease_that_is_over_is_still_known_for_underneath_lies_a_fallback_of_ours(promises: Promises) -> None:
    promises.tell("A", Held(at=NOW, setpoint_kw=3.0, lease_until=later(60)), NOW)
    assert in_force_kw(promises, later(59)) == 3.0
    for now in (later(60), later(3600)):
        assert in_force_kw(promises, now) is None
        held = promises.held("A", now)
        assert held is not None
        assert held.lease_until == later(60)


def test_a_unit_that_gave_up_its_setpoint_follows_the_fallback_since_then_and_one_that_never_had_one_is_unknown(
    promises: Promises,
) -> None:
    promises.tell("A", Held(at=NOW), NOW)
    assert promises.held("A", NOW) == Held(at=NOW)
    promises.tell("A", Held(at=later(1), setpoint_kw=3.0, lease_until=later(60)), later(1))
    promises.tell("A", Held(at=later(2)), later(2))
    assert promises.held("A", later(2)) == Held(at=later(2), lease_until=later(2))


async def test_an_answer_puts_its_setpoint_in_force_and_an_older_state_does_not_undo_it(promises: Promises) -> None:
    answer = promises.expect("id", setpoint(-5.0), NOW)
    promises.answer("A", ack("id", later(1), -4.0), later(1), "topic")
    assert (await answer).power_kw == -4.0
    promises.tell("A", Held(at=NOW, setpoint_kw=11.0, lease_until=later(900)), later(2))
    assert in_force_kw(promises, later(2)) == -4.0


async def test_a_refusal_leaves_in_force_what_was(promises: Promises) -> None:
    promises.tell("A", Held(at=NOW, setpoint_kw=3.0, lease_until=later(60)), NOW)
    answer = promises.expect("id", setpoint(7.0), NOW)
    promises.answer("A", ack("id", later(1), 3.0, accepted=False), later(1), "topic")
    assert not (await answer).accepted
    assert in_force_kw(promises, later(1)) == 3.0


async def test_an_answer_that_comes_twice_counts_once_and_one_to_what_nobody_sent_is_refused(promises: Promises) -> None:
    promises.expect("first", setpoint(5.0), NOW)
    promises.answer("A", ack("first", later(1), 5.0), later(1), "topic")
    promises.expect("second", setpoint(7.0), NOW)
    promises.answer("A", ack("second", later(2), 7.0), later(2), "topic")
    promises.answer("A", ack("first", later(1), 5.0), later(3), "topic")
    assert in_force_kw(promises, later(3)) == 7.0
    with pytest.raises(FrameError, match="nobody awaits"):
        promises.answer("A", ack("stranger", NOW, 5.0), NOW, "topic")
    with pytest.raises(FrameError, match="nobody awaits"):
        promises.answer("B", ack("second", NOW, 5.0), NOW, "topic")


async def test_an_answer_after_the_setpoint_expired_is_refused(promises: Promises) -> None:
    promises.expect("id", setpoint(5.0, lease_s=10.0), NOW).cancel()
    promises.forget_expired(later(10))
    with pytest.raises(FrameError, match="nobody awaits"):
        promises.answer("A", ack("id", later(11), 5.0), later(11), "topic")


async def test_whoever_does_not_answer_may_follow_anything_until_the_lease_is_over_or_it_speaks(promises: Promises) -> None:
    promises.tell("A", Held(at=NOW, setpoint_kw=3.0, lease_until=later(60)), NOW)
    promises.expect("silent", setpoint(11.0, lease_s=100.0), NOW)
    assert in_force_kw(promises, later(1)) == 3.0, "an answer may still come in time"
    promises.doubt("silent")
    promises.tell("A", Held(at=later(2), setpoint_kw=3.0, lease_until=later(60)), later(2))
    assert promises.held("A", later(3)) is None, "the setpoint may still arrive"
    assert promises.held("A", later(100)) is not None
    promises.answer("A", ack("silent", later(4), 11.0), later(4), "topic")
    assert in_force_kw(promises, later(5)) == 11.0


async def test_a_doubt_ends_when_the_setpoint_shows_or_a_later_one_is_answered(promises: Promises) -> None:
    promises.expect("shown", setpoint(11.0), NOW)
    promises.doubt("shown")
    promises.tell("A", Held(at=later(6), setpoint_kw=10.0, lease_until=later(900.4)), later(6))
    assert in_force_kw(promises, later(7)) == 10.0
    promises.expect("silent", setpoint(11.0), NOW)
    promises.doubt("silent")
    promises.expect("later", setpoint(2.0), NOW)
    promises.answer("A", ack("later", later(8), 2.0), later(8), "topic")
    assert in_force_kw(promises, later(9)) == 2.0
    promises.answer("A", ack("silent", later(9), 11.0), later(9), "topic")
    assert in_force_kw(promises, later(9)) == 2.0, "a device follows the youngest setpoint, so this answer was late"


STEPS = st.lists(st.tuples(st.sampled_from(["answer", "answer twice", "lose", "state"]), st.floats(0, 20)), max_size=12)


@given(STEPS, st.randoms(use_true_random=False))
async def test_what_counts_is_what_the_device_follows_or_nothing_in_whatever_order_its_words_come(
    steps: list[tuple[str, float]], random: object
) -> None:
    """A device follows each setpoint that reaches it; of its words some are lost and the rest come shuffled."""
    promises, follows_kw, lease_until, said = Promises(), None, None, []
    for n, (what, power_kw) in enumerate(steps):
        now = later(n)
        if what == "state":
            held = Held(at=now) if follows_kw is None else Held(at=now, setpoint_kw=follows_kw, lease_until=lease_until)
            said.append(("", held))
            continue
        follows_kw, lease_until = power_kw, later(900.0 + 2 * n)
        promises.expect(str(n), setpoint(power_kw, 900.0 + 2 * n), now)
        if what == "lose":
            promises.doubt(str(n))
        else:
            said += [(str(n), ack(str(n), now, power_kw))] * (2 if what == "answer twice" else 1)
    random.shuffle(said)  # type: ignore[attr-defined]
    now = later(len(steps))
    for _, word in said:
        if isinstance(word, Ack):
            promises.answer("A", word, now, "topic")
        else:
            promises.tell("A", word, now)
    held = promises.held("A", now)
    known = held is not None and held.in_force_kw(now) is not None
    if known and steps and steps[-1][0] != "lose":
        assert held is not None
        assert held.in_force_kw(now) == follows_kw
    if steps and steps[-1][0].startswith("answer"):
        assert known
