import numpy as np

from forecasts.series.ridge import Ridge


def test_the_truth_is_found_however_wild_some_values_are() -> None:
    generator = np.random.default_rng(3)
    rows = generator.normal(size=(4000, 3)) * [1.0, 10.0, 0.1] + [0.0, 5.0, 1.0]
    values = rows @ [2.0, -0.5, 30.0] + 4.0 + 0.1 * generator.normal(size=4000)
    values[::10] += 1000.0
    np.testing.assert_allclose(Ridge.fit(rows, values).predict(rows)[1::10], values[1::10], atol=1.5)


def test_a_column_that_never_changes_does_no_harm() -> None:
    rows = np.column_stack([np.arange(50.0), np.ones(50)])
    np.testing.assert_allclose(Ridge.fit(rows, 2 * rows[:, 0]).predict(rows), 2 * rows[:, 0], atol=0.2)


def test_a_constant_is_itself() -> None:
    rows = np.random.default_rng(0).normal(size=(30, 2))
    np.testing.assert_allclose(Ridge.fit(rows, np.full(30, 7.0)).predict(rows), 7.0)
