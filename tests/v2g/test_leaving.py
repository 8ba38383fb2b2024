"""Many cars' leaving at once against one car at a time."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from v2g.outlook import LEVELS, Departure
from v2g.site import Rules
from v2g.stating.leaving import leaving
from v2g.timegrid import TimeGrid

START = datetime(2026, 3, 2, 6, tzinfo=UTC)
GRID = TimeGrid.fine_then_coarse(START, fine_h=0.25, n_fine=6, coarse_h=1.0, n_coarse=4)
RULES = Rules(default_stay_h=3.0, target_probability=0.9)

minutes = st.integers(-60, 480)
forecasts = st.one_of(st.none(), st.lists(minutes, min_size=len(LEVELS), max_size=len(LEVELS)).map(sorted))


def instant(after_min: int) -> datetime:
    return START + timedelta(minutes=after_min)


def one(forecast: list[int] | None, stated: int | None) -> tuple[np.ndarray, np.ndarray, float]:
    """Return until when a car is here, how likely it leaves in each step, and hours until its promise is due."""
    hours = None if forecast is None else np.array(forecast) / 60.0
    here = np.ones(GRID.n_steps) if hours is None else (GRID.edges_h[:-1] < hours[-1]).astype(float)
    here[0] = 1.0
    due = [x for x in (stated,) if x is not None]
    if hours is None:
        left = np.zeros(GRID.n_steps)
    else:
        due.append(60.0 * float(np.interp(0.1, LEVELS, hours)))
        left = np.interp(GRID.edges_h[1:], np.maximum.accumulate([0.0, *np.maximum(hours, 0.0)]), (0.0, *LEVELS))
    return here, np.diff(left, prepend=0.0), min((x / 60.0 for x in due), default=3.0)


@given(st.lists(st.tuples(forecasts, st.one_of(st.none(), minutes)), max_size=6))
def test_each_of_many_cars_leaves_as_it_would_alone(cars: list[tuple[list[int] | None, int | None]]) -> None:
    departures = [d and Departure(session_id="s", quantiles=tuple(instant(m) for m in d), source="stated") for d, _ in cars]
    found = leaving(departures, [None if s is None else instant(s) for _, s in cars], RULES, GRID)
    assert found.here.shape == found.probability.shape == (len(cars), GRID.n_steps)
    for i, car in enumerate(cars):
        here, probability, due_h = one(*car)
        assert found.here[i].tolist() == here.tolist()
        assert found.probability[i] == pytest.approx(probability, abs=1e-9)
        assert found.due_h[i] == pytest.approx(max(due_h, 0.0))
        ends = GRID.edges_h[1:]
        assert found.due_step[i] == max(np.searchsorted(ends, due_h + 1e-9, side="right"), 1)


def test_a_car_overdue_is_due_at_the_end_of_the_first_step_and_probabilities_are_never_negative() -> None:
    found = leaving([Departure(session_id="s", quantiles=(START,) * len(LEVELS), source="stated")], [instant(-90)], RULES, GRID)
    assert (found.due_step[0], found.due_h[0]) == (1, 0.0)
    assert (found.probability >= 0.0).all()
