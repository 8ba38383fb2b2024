import itertools
from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from forecasts.curve import NOTHING, Curve, first_known
from forecasts.prices import published
from v2g.signals import Interval, Signal, SignalKind, mean_on
from v2g.timegrid import TimeGrid

START = datetime(2026, 3, 28, tzinfo=UTC)
MINUTES = st.integers(-600, 1200)


@st.composite
def price_signals(draw: st.DrawFn) -> tuple[Signal, ...]:
    signals = []
    for number in range(draw(st.integers(0, 4))):
        edges = sorted(draw(st.lists(MINUTES, min_size=2, max_size=8, unique=True)))
        intervals = tuple(
            Interval(start=START + timedelta(minutes=a), end=START + timedelta(minutes=b), value=draw(st.floats(-1, 1)))
            for a, b in itertools.pairwise(edges)
        )
        issued_at = START - timedelta(hours=draw(st.integers(0, 3)))
        priority = draw(st.integers(0, 2))
        signal = Signal(
            signal_id=str(number), kind=SignalKind.PRICE, source="test", issued_at=issued_at, intervals=intervals, priority=priority
        )
        signals.append(signal)
    return tuple(signals)


@given(price_signals(), st.lists(st.sampled_from([0.1, 0.25, 0.5, 1.0]), min_size=1, max_size=20))
def test_a_curve_means_what_the_signals_mean(signals: tuple[Signal, ...], steps_h: list[float]) -> None:
    """Two ways to the same number: the domain's override minute by minute, and the curve's integral."""
    grid = TimeGrid(start=START, step_h=np.array(steps_h))
    always = Curve(edges_s=START.timestamp() + np.array([-1e6, 1e6]), values=np.array([0.5]))
    curve = first_known(published(signals, SignalKind.PRICE), always)
    edges = np.round(60 * grid.edges_h).astype(int)
    minutes = TimeGrid.uniform(START, step_h=1 / 60, n_steps=edges[-1])
    by_minute = mean_on(signals, SignalKind.PRICE, minutes, np.full(minutes.n_steps, 0.5))
    expected = [by_minute[a:b].mean() for a, b in itertools.pairwise(edges)]
    np.testing.assert_allclose(curve.mean_on(grid), expected, atol=1e-9)


def test_what_no_curve_knows_stays_unknown() -> None:
    grid = TimeGrid.uniform(START, step_h=1.0, n_steps=3)
    known = Curve(edges_s=START.timestamp() + np.array([0.0, 5400.0]), values=np.array([2.0]))
    np.testing.assert_array_equal(known.mean_on(grid), [2.0, np.nan, np.nan])
    np.testing.assert_array_equal(first_known(NOTHING, known).mean_on(grid), [2.0, np.nan, np.nan])
    assert np.isnan(NOTHING.mean_on(grid)).all()


def test_a_gap_ends_the_known_stretch() -> None:
    curve = Curve(edges_s=np.arange(5.0) * 100, values=np.array([1.0, 1.0, np.nan, 2.0]))
    assert curve.known_until_s(50.0) == 200.0
    assert curve.known_until_s(250.0) == 200.0
    assert curve.known_until_s(310.0) == 400.0
    assert curve.known_until_s(-1.0) is None
    assert curve.knows(0.0, 200.0)
    assert not curve.knows(150.0, 350.0)
    assert not curve.knows(-1.0, 100.0)
