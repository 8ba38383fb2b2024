import numpy as np

from forecasts.series.features import LEAD, MISSES
from forecasts.series.intraday import corrected, fit_correction
from v2g.timegrid import Array


def rows_of(missed: Array, lead_h: Array) -> Array:
    rows = np.zeros((len(missed), LEAD + 1))
    rows[:, MISSES.start : MISSES.start + 3] = missed[:, None]
    rows[:, LEAD] = lead_h / 24
    return rows


def test_a_fading_error_is_told_beyond_what_was_seen() -> None:
    generator = np.random.default_rng(0)
    missed, lead_h = generator.normal(size=4000), generator.uniform(0, 48, 4000)
    rows = rows_of(missed, lead_h)
    correction = fit_correction(rows, 0.8 * missed * np.exp(-lead_h / 4) + 0.1 * generator.normal(size=4000))
    told = corrected(np.zeros(3), rows_of(np.full(3, 10.0), np.array([0.0, 4.0, 24.0])), correction)
    np.testing.assert_allclose(told, 8 * np.exp([0.0, -1.0, -6.0]), atol=0.6)
    np.testing.assert_array_equal(corrected(np.ones(1), rows_of(np.zeros(1), np.zeros(1)), correction), 1.0)


def test_with_few_pairs_nothing_is_corrected() -> None:
    rows = rows_of(np.ones(500), np.full(500, 30.0))
    assert fit_correction(rows, np.ones(500)) is None
    np.testing.assert_array_equal(corrected(np.full(500, 2.0), rows, None), 2.0)
