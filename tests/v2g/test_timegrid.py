from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from v2g.errors import ProblemError
from v2g.timegrid import TimeGrid

DAY = datetime(2026, 3, 2, tzinfo=UTC)


@given(st.integers(0, 86_399))
def test_fine_steps_end_on_quarter_hours_whenever_the_grid_starts(second: int) -> None:
    start = DAY + timedelta(seconds=second)
    grid = TimeGrid.fine_then_coarse(start, fine_h=0.25, n_fine=8, coarse_h=1.0, n_coarse=3)
    assert grid.n_steps == 11
    assert 0.025 <= grid.step_h[0] <= 0.275
    into_quarter = [(start.timestamp() / 3600 + h) % 0.25 for h in grid.edges_h[1:]]
    assert all(min(x, 0.25 - x) < 1e-6 for x in into_quarter)


@given(st.floats(0, 24), st.floats(0, 24))
def test_coverage_measures_the_interval(a: float, b: float) -> None:
    grid = TimeGrid(start=DAY, step_h=np.array([0.25] * 8 + [1.0] * 6))
    low, high = sorted((a, b))
    share = grid.coverage(DAY + timedelta(hours=low), DAY + timedelta(hours=high))
    inside_h = max(min(high, 8.0) - min(low, 8.0), 0.0)
    assert (share * grid.step_h).sum() == pytest.approx(inside_h, abs=1e-6)


def test_whole_steps_until_an_instant() -> None:
    grid = TimeGrid(start=DAY, step_h=np.array([0.25, 0.25, 1.0]))
    hours = [-1.0, 0.0, 0.2, 0.25, 1.49, 1.5, 9.0]
    assert [grid.whole_steps_until(DAY + timedelta(hours=h)) for h in hours] == [0, 0, 0, 1, 2, 3, 3]


@pytest.mark.parametrize("step_h", [[], [0.0], [-1.0], [np.nan], [np.inf]])
def test_a_grid_without_usable_steps_is_refused(step_h: list[float]) -> None:
    with pytest.raises(ProblemError, match=r"grid\.step_h"):
        TimeGrid(start=DAY, step_h=np.array(step_h))


def test_a_naive_start_is_refused() -> None:
    with pytest.raises(ProblemError, match="time zone"):
        TimeGrid(start=DAY.replace(tzinfo=None), step_h=np.ones(1))
