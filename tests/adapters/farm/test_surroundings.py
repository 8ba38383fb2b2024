import numpy as np
import pytest

from adapters.farm.surroundings import StepSeries, Surroundings
from tests.adapters.farm.stations import START, always
from v2g.errors import SeriesError


def test_a_series_steps_and_holds_its_ends() -> None:
    series = StepSeries(start=START, step_s=900.0, values=np.array([1.0, 2.0, 3.0]))
    at = [series.at(START.timestamp() + s) for s in (-5.0, 0.0, 899.0, 900.0, 1800.0, 99999.0)]
    assert at == [1.0, 1.0, 1.0, 2.0, 3.0, 3.0]


@pytest.mark.parametrize("values", [[], [1.0, float("nan")]])
def test_empty_or_gappy_series_are_refused(values: list[float]) -> None:
    with pytest.raises(SeriesError):
        StepSeries(start=START, step_s=900.0, values=np.array(values))


def test_without_a_varying_import_limit_there_is_none() -> None:
    assert Surroundings(load_kw=always(1.0), pv_kw=always(0.0)).import_limit_at(0.0) == float("inf")
