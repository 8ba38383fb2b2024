"""The learned hazard against the distribution that the data were drawn from."""

import numpy as np
import pytest

from forecasts.fleet.hazard import TAIL_FACTOR, bin_edges, fit_hazard


def test_without_telling_features_the_curve_is_that_of_all() -> None:
    rng = np.random.default_rng(1)
    lasted = rng.gamma(3.0, 2.0, 3000)
    model = fit_hazard(rng.normal(size=(3000, 1)), lasted, hints=[0], seeds=(1,))
    told = model.cdf(np.zeros((1, 1)))[0]
    shares = (lasted[:, None] < model.edges).mean(axis=0)
    np.testing.assert_allclose(told, shares, atol=0.06)


def test_each_car_has_its_own_curve_and_hints_are_told_by_difference() -> None:
    """What lasts as long as its hint says, give or take 0.2, is known within that at hints that were hardly seen."""
    rng = np.random.default_rng(2)
    hint = rng.uniform(2.0, 10.0, (4000, 1))
    model = fit_hazard(hint, hint[:, 0] + rng.normal(0.0, 0.2, 4000), hints=[0], seeds=(1,))
    wanted = np.array([[3.0], [5.5], [9.0]])
    medians = [np.interp(0.5, row, model.edges) for row in model.cdf(wanted)]
    np.testing.assert_allclose(medians, wanted[:, 0], atol=0.3)


def test_curves_rise_from_0_to_1_and_the_same_data_give_the_same_model() -> None:
    rng = np.random.default_rng(3)
    seen, lasted = rng.normal(size=(800, 2)), rng.exponential(4.0, 800)
    seen[::3, 1] = np.nan
    first, second = (fit_hazard(seen, lasted, hints=[1], clock=0) for _ in range(2))
    told = first.cdf(seen)
    assert (np.diff(told, axis=1) >= 0.0).all()
    assert (told[:, 0] == 0.0).all()
    assert told[:, -1] == pytest.approx(1.0)
    np.testing.assert_array_equal(told, second.cdf(seen))
    assert first.cdf(seen[:0]).shape == (0, len(first.edges))


def test_bins_are_as_often_the_last_and_reach_beyond_the_longest() -> None:
    lasted = np.random.default_rng(4).lognormal(1.5, 0.8, 5000)
    edges = bin_edges(lasted)
    assert edges[0] == 0.0
    assert edges[-1] == pytest.approx(TAIL_FACTOR * lasted.max())
    assert (np.diff(edges) > 0).all()
    assert np.histogram(lasted, edges)[0].max() < 2.0 * len(lasted) / 40


def test_what_always_lasts_as_long_has_bins_too() -> None:
    edges = bin_edges(np.full(300, 2.0))
    model = fit_hazard(np.zeros((300, 1)), np.full(300, 2.0), hints=[0], seeds=(1,))
    assert len(model.edges) == len(edges)
    assert np.interp(0.5, model.cdf(np.zeros((1, 1)))[0], model.edges) == pytest.approx(2.0, abs=0.5)
