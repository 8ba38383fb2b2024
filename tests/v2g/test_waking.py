"""Cars that sleep after a pause are paused once more, shortly and seldom."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.builders import NOW, a_site, an_observation
from tests.v2g.test_tick import parts_of
from v2g.observation import Observation, Quality, Reading
from v2g.record import Memory
from v2g.setpoint import Applied, Setpoint
from v2g.tick import tick
from v2g.waking import ASLEEP_S, MOST, PAUSE_S, WAKES, Rest, n_to_let, waking, watch_sleep, woken

SITE = a_site(1)
ASLEEP, PAUSE = timedelta(seconds=ASLEEP_S), timedelta(seconds=PAUSE_S)


class Watched:
    """One car, told what it may draw, drawing what it likes."""

    def __init__(self) -> None:
        self.at, self.base, self.rests = NOW, an_observation(SITE), dict[str, Rest]()

    def look(self, let_kw: float | None, draws_kw: float, for_s: float = 0.0, quality: Quality = Quality.GOOD) -> Rest:
        for at in (self.at, self.at + timedelta(seconds=for_s)):
            self.at = at
            reading = Reading(value=draws_kw, at=at, quality=quality)
            state = replace(self.base.evses[0], power_kw=reading, acknowledged_kw=let_kw)
            self.rests = watch_sleep(self.rests, Observation(at=at, evses=(state,)), SITE)
        return self.rests["E0"]

    def send(self, power_kw: float) -> Setpoint:
        """Send what is wanted, as far as the car is not to be woken."""
        wanted = Setpoint(unit_id="E0", power_kw=power_kw, valid_until=self.at + timedelta(hours=1))
        (setpoint,) = waking([wanted], self.rests)
        self.rests = woken(self.rests, [Applied(setpoint=setpoint, at=self.at)], self.at)
        return setpoint


def asleep() -> Watched:
    watched = Watched()
    watched.look(0.0, 0.0)
    watched.look(7.0, 0.0, ASLEEP_S)
    return watched


def test_a_sleeper_is_paused_shortly_and_let_again_and_not_for_ever() -> None:
    watched = asleep()
    for _ in range(MOST):
        pause = watched.send(7.0)
        assert (pause.power_kw, pause.bound_by) == (0.0, (WAKES,))
        assert n_to_let(watched.rests, watched.at) == 0
        watched.look(0.0, 0.0, PAUSE_S)
        assert n_to_let(watched.rests, watched.at) == 1
        assert watched.send(7.0).power_kw == 7.0
        watched.look(7.0, 0.0)
        assert n_to_let(watched.rests, watched.at) == 0
        assert watched.send(7.0).power_kw == 7.0, "it has its time to wake"
        watched.look(7.0, 0.0, ASLEEP_S)
    assert watched.send(7.0).power_kw == 7.0, "who does not wake is let sleep"


@pytest.mark.parametrize(("let_kw", "draws_kw"), [(7.0, 3.0), (7.0, 0.2), (0.0, 0.0), (-5.0, 0.0), (2.0, 0.0), (None, 0.0)])
def test_who_draws_or_may_not_is_not_asleep(let_kw: float | None, draws_kw: float) -> None:
    watched = Watched()
    watched.look(0.0, 0.0)
    assert not watched.look(let_kw, draws_kw, ASLEEP_S).asleep
    assert watched.send(7.0).power_kw == 7.0


def test_who_was_never_paused_or_is_full_or_not_measured_is_not_woken() -> None:
    never = Watched()
    assert not never.look(7.0, 0.0, ASLEEP_S).asleep
    unseen = Watched()
    unseen.look(0.0, 0.0)
    assert not unseen.look(7.0, 0.0, ASLEEP_S, quality=Quality.STALE).asleep
    full = Watched()
    assert full.base.evses[0].session is not None
    session = replace(full.base.evses[0].session, soc_frac=0.97)
    full.base = replace(full.base, evses=(replace(full.base.evses[0], session=session),))
    full.look(0.0, 0.0)
    assert not full.look(7.0, 0.0, ASLEEP_S).asleep


def test_another_car_begins_anew() -> None:
    watched = asleep()
    assert watched.base.evses[0].session is not None
    other = replace(watched.base.evses[0].session, session_id="another")
    watched.base = replace(watched.base, evses=(replace(watched.base.evses[0], session=other),))
    assert not watched.look(7.0, 0.0, ASLEEP_S).asleep


async def test_a_tick_pauses_the_sleeper_and_the_next_one_lets_it_draw() -> None:
    base = an_observation(SITE)
    sleeper = replace(base.evses[0], acknowledged_kw=11.0, power_kw=Reading(value=0.0, at=NOW))
    parts, gateway, _ = parts_of(SITE, replace(base, evses=(sleeper,)))
    memory = Memory(rests={"E0": Rest(session_id="S-E0", paused=True, let_since=NOW - ASLEEP)})
    record, memory = await tick(parts, memory, (), NOW)
    assert [(s.power_kw, s.bound_by[-1]) for s in record.setpoints] == [(0.0, WAKES)]
    later = NOW + PAUSE
    assert (memory.rests["E0"].n_woken, n_to_let(memory.rests, later)) == (1, 1)
    record, _ = await tick(parts, memory, (), later)
    assert [s.power_kw > 0 for s in record.setpoints] == [True]
    assert gateway.batches[-1][0].power_kw > 0
