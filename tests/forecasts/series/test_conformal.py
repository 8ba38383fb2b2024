import numpy as np

from forecasts.series.conformal import HourlyErrors, weighted_quantiles
from forecasts.series.features import PLACE, TYPE
from v2g.outlook import LEVELS
from v2g.timegrid import Array


def rows_at(hours: Array, types: Array) -> Array:
    rows = np.zeros((len(hours), 30))
    rows[:, PLACE], rows[:, TYPE] = hours / 24, types
    return rows


def test_weights_are_how_often_a_value_counts() -> None:
    generator = np.random.default_rng(0)
    values, counts = generator.normal(size=40), generator.integers(1, 5, 40)
    levels = np.array([0.101, 0.503, 0.907])
    expected = np.quantile(np.repeat(values, counts), levels, method="inverted_cdf")
    np.testing.assert_allclose(weighted_quantiles(values, counts.astype(float), levels), expected)


def test_errors_of_an_hour_and_type_are_covered_as_they_were() -> None:
    generator = np.random.default_rng(1)
    hours, types = generator.uniform(0, 24, 20_000), generator.integers(0, 3, 20_000)
    size = np.where(hours < 12, 1.0, 5.0) * np.where(types == 0, 1.0, 2.0)
    errors, weights = size * generator.normal(size=20_000), np.ones(20_000)
    table = HourlyErrors.of(errors, rows_at(hours, types), weights)
    for hour, day_type in ((6.0, 0), (18.0, 0), (18.0, 2)):
        told = table.quantiles(rows_at(np.array([hour]), np.array([day_type])))[:, 0]
        assert (np.diff(told) >= 0).all()
        near = (np.abs(hours - hour) < 2) & (types == day_type)
        np.testing.assert_allclose((errors[near] <= told[:, None]).mean(axis=1), LEVELS, atol=0.05)


def test_midnight_is_beside_the_last_hour() -> None:
    hours = np.array([0.5, 12.5, 23.5])
    table = HourlyErrors.of(np.array([4.0, 0.0, 4.0]), rows_at(hours, np.zeros(3)), np.ones(3))
    np.testing.assert_allclose(table.quantiles(rows_at(np.array([0.0]), np.zeros(1))), 4.0)
