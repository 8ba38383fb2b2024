import numpy as np
import pytest

from forecasts.series.faults import cleaned, frozen_tail, run_lengths
from tests.forecasts.series.synthetic import loads

DAY = 24


def test_runs_are_counted_and_gaps_are_none() -> None:
    np.testing.assert_array_equal(run_lengths(np.array([1.0, 1, 2, np.nan, np.nan, 2, 2, 2])), [2, 2, 1, 1, 1, 3, 3, 3])
    assert len(run_lengths(np.zeros(0))) == 0


def test_a_zero_in_a_load_that_never_rests_is_missing() -> None:
    values = loads(60).values
    values[[100, 500]] = 0.0
    assert np.flatnonzero(np.isnan(cleaned(values, DAY))).tolist() == [100, 500]


def test_a_spike_is_none_of_the_load() -> None:
    values = loads(60).values
    values[700] = 5000.0
    assert np.flatnonzero(np.isnan(cleaned(values, DAY))).tolist() == [700]


@pytest.mark.parametrize("hours", [4, 24, 60])
def test_a_meter_that_froze_is_not_believed_from_then_on(hours: int) -> None:
    values = loads(60).values
    values[-hours:] = values[-hours]
    assert np.flatnonzero(np.isfinite(cleaned(values, DAY)))[-1] == len(values) - hours - 1


def test_a_load_that_rests_each_night_is_believed() -> None:
    night = np.tile(np.concatenate([np.zeros(10), np.linspace(5, 20, 14)]), 40)
    values = np.concatenate([night, np.zeros(9)])
    assert frozen_tail(values, DAY) == 0
    assert np.isfinite(cleaned(values, DAY)).all()


def test_a_constant_meter_stays_as_it_is() -> None:
    values = np.full(DAY * 30, 7.0)
    assert np.isfinite(cleaned(values, DAY)).all()
    assert len(cleaned(values, DAY)) > 0
