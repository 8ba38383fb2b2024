from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from functools import partial

import pytest

from adapters.clock import AcceleratedClock, RealClock, VirtualClock
from v2g.ports import Clock

START = datetime(2026, 1, 1, tzinfo=UTC)


async def test_an_accelerated_clock_runs_faster_than_the_real_one_and_forwards() -> None:
    real, fast = RealClock(), AcceleratedClock(START, speed=1000.0)
    real_before, fast_before = real.now(), fast.now()
    await fast.sleep(20.0)
    fast_s = (fast.now() - fast_before).total_seconds()
    real_s = (real.now() - real_before).total_seconds()
    assert fast_s >= 20.0
    assert fast_s > 100.0 * real_s


@pytest.mark.parametrize("make", [VirtualClock, partial(AcceleratedClock, speed=1.0)])
def test_a_clock_shows_utc_wherever_it_was_set(make: Callable[[datetime], Clock]) -> None:
    clock = make(START.astimezone(timezone(timedelta(hours=8))))
    assert clock.now().utcoffset() == timedelta(0)
    assert clock.now() - START < timedelta(minutes=1)


async def test_a_virtual_clock_moves_only_when_told() -> None:
    clock = VirtualClock(START)
    await clock.sleep(90.0)
    assert clock.now() == START + timedelta(seconds=90)
    with pytest.raises(ValueError, match="never runs backwards"):
        clock.advance_to(START)
