"""Rates: bursts, refills, bounded memory, and that nobody's guessing locks out another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.ocpp.guard import ENTRIES_BURST, PAIR_BURST, STATION_BURST, STORM_LEAST, Guard
from adapters.ocpp.throttle import Throttle


def passed(throttle: Throttle, times_s: list[float]) -> int:
    done = 0
    for at_s in times_s:
        if throttle.is_open("key", at_s):
            throttle.take("key", at_s)
            done += 1
    return done


def test_a_burst_then_one_each_interval() -> None:
    throttle = Throttle(3, 10.0)
    assert passed(throttle, [0.0] * 9) == 3
    assert passed(throttle, [9.9, 10.0, 10.0, 19.9, 20.0]) == 2
    assert passed(throttle, [1000.0] * 9) == 3
    assert throttle.is_open("another", 1000.0)


@given(st.lists(st.floats(0, 1000), max_size=60).map(sorted), st.integers(1, 9), st.floats(0.5, 60))
def test_never_more_than_the_burst_and_the_rate(times_s: list[float], burst: int, every_s: float) -> None:
    throttle = Throttle(burst, every_s)
    length_s = times_s[-1] - times_s[0] if times_s else 0.0
    assert passed(throttle, times_s) <= burst + length_s / every_s + 1e-6


def test_a_clock_put_back_locks_nobody_out() -> None:
    throttle = Throttle(2, 10.0)
    assert passed(throttle, [5000.0] * 5) == 2
    assert passed(throttle, [0.0] * 5) == 2


def test_memory_is_bounded() -> None:
    throttle = Throttle(1, 10.0, max_keys=50)
    for key in range(1000):
        throttle.take(key, 0.0)
    assert len(throttle) == 50
    assert throttle.is_open(0, 0.0)
    assert not throttle.is_open(999, 0.0)


def guessed(guard: Guard, address: str, station_id: str, times: int) -> int:
    tried = 0
    for _ in range(times):
        if guard.may_try(address, station_id, 0.0):
            guard.refused(address, station_id, 0.0)
            tried += 1
    return tried


def test_guesses_from_everywhere_do_not_lock_a_charger_out_of_its_home() -> None:
    guard = Guard(10)
    guard.let_in("192.0.2.1", "CP-A", 0.0)
    assert sum(guessed(guard, f"198.51.100.{n}", "CP-A", 10) for n in range(100)) == STATION_BURST
    assert not guard.may_try("203.0.113.1", "CP-A", 0.0)
    assert guard.may_try("192.0.2.1", "CP-A", 0.0)


@pytest.mark.parametrize(
    ("other", "same"),
    [("2001:db8:1:2:ffff::9", True), ("2001:db8:1:3::1", False), ("2001:db8:1:2::1%eth0", True)],
)
def test_a_subscribers_64_bits_of_ipv6_are_one_address(other: str, same: bool) -> None:
    guard = Guard(10)
    assert guessed(guard, "2001:db8:1:2::1", "CP-A", 99) == PAIR_BURST
    assert guard.may_try(other, "CP-A", 0.0) != same


def test_an_ipv4_address_is_the_same_by_ipv6() -> None:
    guard = Guard(10)
    guessed(guard, "::ffff:192.0.2.1", "CP-A", 99)
    assert not guard.may_try("192.0.2.1", "CP-A", 0.0)


def test_a_station_that_comes_and_goes_without_end_waits_and_a_storm_of_all_does_not() -> None:
    guard = Guard(1000)
    for n in range(1000):
        for _ in range(3):
            assert guard.may_try("192.0.2.1", f"CP-{n}", 0.0)
            guard.let_in("192.0.2.1", f"CP-{n}", 0.0)
    small = Guard(1)
    for _ in range(ENTRIES_BURST):
        assert small.may_try("192.0.2.1", "CP-1", 0.0)
        small.let_in("192.0.2.1", "CP-1", 0.0)
    assert not small.may_try("192.0.2.1", "CP-1", 0.0)
    assert ENTRIES_BURST < STORM_LEAST
