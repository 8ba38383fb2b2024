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


@given(st.integers(0, 86_399), st.integers(1, 12))
def test_coarse_steps_end_on_hours_whenever_the_grid_starts(second: int, n_fine: int) -> None:
    start = DAY + timedelta(seconds=second)
    grid = TimeGrid.fine_then_coarse(start, fine_h=0.25, n_fine=n_fine, coarse_h=1.0, n_coarse=3)
    assert grid.n_steps == n_fine + 3
    assert 0.25 - 1e-6 <= grid.step_h[n_fine] <= 1.0 + 1e-6
    into_hour = [(start.timestamp() / 3600 + h) % 1.0 for h in grid.edges_h[n_fine + 1 :]]
    assert all(min(x, 1.0 - x) < 1e-6 for x in into_hour)


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


@pytest.mark.parametrize("start", ["9999-12-31T23:00:00+00:00", "0001-01-01T00:00:00+00:00", "1969-12-31T00:00:00+00:00"])
def test_a_start_in_no_year_of_ours_is_refused(start: str) -> None:
    with pytest.raises(ProblemError, match=r"grid\.start.*from 1970 to 2199"):
        TimeGrid(start=datetime.fromisoformat(start), step_h=np.ones(4))


def test_steps_that_last_for_decades_are_refused() -> None:
    with pytest.raises(ProblemError, match=r"grid\.step_h.*100000 h"):
        TimeGrid(start=DAY, step_h=np.full(10, 1e4))


def test_the_last_grid_of_all_has_its_instants() -> None:
    grid = TimeGrid(start=datetime(2199, 12, 31, 23, tzinfo=UTC), step_h=np.full(8, 1e4))
    assert grid.starts[-1] < grid.end == grid.start + timedelta(hours=8e4)


def test_by_hour_joins_what_begins_in_one_hour() -> None:
    begin = datetime(2026, 3, 2, 8, 40, tzinfo=UTC)
    fine = TimeGrid.fine_then_coarse(begin, fine_h=0.25, n_fine=6, coarse_h=2.0, n_coarse=2)
    by_hour = fine.by_hour()
    assert by_hour.start == begin
    assert by_hour.step_h == pytest.approx([1 / 3, 1.0, 2.0, 2.0])
    assert by_hour.end == fine.end
    assert by_hour.by_hour().step_h == pytest.approx(by_hour.step_h)
