"""What is known of leases after our clock jumped."""

from datetime import UTC, datetime, timedelta

import pytest

from v2g.clockjump import ClockWatch
from v2g.observation import EvseState

START = datetime(2026, 1, 5, 8, tzinfo=UTC)
LONGEST = timedelta(hours=1)


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def leased(until: datetime, power_kw: float | None = 7.0) -> EvseState:
    return EvseState(evse_id="a", online=True, acknowledged_kw=power_kw, lease_until=until)


def jumped(ahead_min: float) -> ClockWatch:
    """Return a watch whose clock showed 8:00, and a second later as much and `ahead_min` more."""
    first = ClockWatch().looked(START, 100.0, LONGEST)
    return first.looked(at(ahead_min) + timedelta(seconds=1), 101.0, LONGEST)


def known(state: EvseState) -> tuple[float | None, datetime | None]:
    return state.acknowledged_kw, state.lease_until


@pytest.mark.parametrize("ahead_s", [-4.0, 0.0, 4.0])
def test_a_clock_that_drifts_changes_nothing(ahead_s: float) -> None:
    watch = jumped(ahead_s / 60.0)
    assert watch.jumps == ()
    assert watch.seen(leased(at(10)), at(20)) == leased(at(10))


def test_after_a_jump_ahead_a_lease_may_last_as_much_longer() -> None:
    """It was to end at 8:10. A clock of the charger's own, half an hour behind ours now, says so at 8:40 by ours."""
    watch = jumped(30.0)
    over = leased(at(10), None)
    assert known(watch.seen(over, at(39.9))) == (None, None)
    assert watch.seen(over, at(40)) == over


def test_after_a_jump_back_a_lease_may_end_as_much_sooner() -> None:
    watch = jumped(-30.0)
    alive = leased(at(10))
    assert watch.seen(alive, at(-21)) == alive
    assert known(watch.seen(alive, at(-20))) == (None, None)
    assert watch.seen(leased(at(10), None), at(10)) == leased(at(10), None)


@pytest.mark.parametrize("ahead_min", [-30.0, 30.0])
def test_a_lease_that_had_ended_before_ended(ahead_min: float) -> None:
    ended = leased(at(-1), None)
    assert jumped(ahead_min).seen(ended, at(0)) == ended


def test_who_confirmed_a_setpoint_since_is_known_again() -> None:
    watch = jumped(30.0).told(frozenset({"a"}))
    assert watch.seen(leased(at(35), None), at(36)) == leased(at(35), None)


def test_a_jump_is_forgotten_when_no_lease_of_before_can_last() -> None:
    watch = jumped(30.0)
    assert watch.looked(at(119), 101.0 + 89 * 60 - 1, LONGEST).jumps == watch.jumps
    assert watch.looked(at(121), 101.0 + 91 * 60 - 1, LONGEST).jumps == ()
