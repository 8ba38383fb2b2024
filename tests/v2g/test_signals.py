from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import NOW
from v2g.signals import Interval, Signal, SignalKind, least_on, mean_on, value_at
from v2g.timegrid import TimeGrid

GRID = TimeGrid.uniform(NOW, step_h=1.0, n_steps=4)


def a_signal(kind: SignalKind, value: float, first_h: float, last_h: float, *, priority: int = 100, age_h: float = 0.0) -> Signal:
    interval = Interval(start=NOW + timedelta(hours=first_h), end=NOW + timedelta(hours=last_h), value=value)
    name = f"{kind}-{value}-{priority}"
    return Signal(
        signal_id=name, kind=kind, source="test", issued_at=NOW - timedelta(hours=age_h), intervals=(interval,), priority=priority
    )


def test_a_price_is_averaged_over_the_step_it_cuts() -> None:
    half_hour = a_signal(SignalKind.PRICE, 1.0, 0.5, 2.0)
    assert mean_on((half_hour,), SignalKind.PRICE, GRID, np.zeros(4)) == pytest.approx([0.5, 1.0, 0.0, 0.0])


def test_the_lower_priority_number_wins_and_then_the_later_issue() -> None:
    weak = a_signal(SignalKind.PRICE, 1.0, 0, 4, priority=200)
    strong = a_signal(SignalKind.PRICE, 2.0, 0, 2, priority=10, age_h=5)
    later = a_signal(SignalKind.PRICE, 3.0, 0, 1, priority=10)
    assert mean_on((later, strong, weak), SignalKind.PRICE, GRID, np.zeros(4)) == pytest.approx([3.0, 2.0, 1.0, 1.0])
    assert value_at((later, strong, weak), SignalKind.PRICE, NOW) == 3.0


@given(st.lists(st.tuples(st.integers(0, 239), st.integers(1, 120), st.integers(-9, 9), st.integers(1, 3)), max_size=6))
def test_means_agree_with_a_minute_by_minute_count(said: list[tuple[int, int, int, int]]) -> None:
    signals = tuple(
        a_signal(SignalKind.PRICE, float(value), first / 60, (first + length) / 60, priority=priority, age_h=index)
        for index, (first, length, value, priority) in enumerate(said)
    )
    default = np.array([0.5, 1.5, 2.5, 3.5])
    minutes = [value_at(signals, SignalKind.PRICE, NOW + timedelta(minutes=m + 0.5)) for m in range(240)]
    counted = [default[m // 60] if value is None else value for m, value in enumerate(minutes)]
    assert mean_on(signals, SignalKind.PRICE, GRID, default) == pytest.approx(np.reshape(counted, (4, 60)).mean(axis=1), abs=1e-6)


def test_of_two_limits_the_least_holds_wherever_it_touches_a_step() -> None:
    loose = a_signal(SignalKind.IMPORT_CAPACITY_LIMIT, 80.0, 0, 4, priority=1)
    tight = a_signal(SignalKind.IMPORT_CAPACITY_LIMIT, 30.0, 1.9, 2.1, priority=200)
    assert least_on((loose, tight), SignalKind.IMPORT_CAPACITY_LIMIT, GRID, np.full(4, 50.0)) == pytest.approx([50, 30, 30, 50])
    assert value_at((loose, tight), SignalKind.IMPORT_CAPACITY_LIMIT, NOW + timedelta(hours=2)) == 30.0


def test_silence_is_none() -> None:
    assert value_at((), SignalKind.PRICE, NOW) is None
