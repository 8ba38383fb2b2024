import numpy as np

from forecasts.series.pairs import N_PAIRS, draw_pairs

DAY = 24


def test_pairs_are_of_known_targets_after_their_origins() -> None:
    values = np.random.default_rng(0).normal(size=60 * DAY)
    values[300:500] = np.nan
    pairs = draw_pairs(values, DAY, skip_days=7)
    assert np.isfinite(values[pairs.targets]).all()
    assert (pairs.targets >= 7 * DAY).all()
    assert (pairs.origins <= pairs.targets).all()
    lead = (pairs.targets - pairs.origins) / DAY
    assert 0.2 < (lead < 0.25).mean() < 0.35
    assert 0.03 < (lead >= 2).mean() < 0.08
    np.testing.assert_allclose(pairs.age_days, 60 - pairs.targets / DAY)


def test_folds_are_whole_weeks_in_turn() -> None:
    pairs = draw_pairs(np.zeros(60 * DAY), DAY, skip_days=7)
    folds = pairs.folds_of(3)
    weeks = (pairs.age_days // 7).astype(int)
    assert all(len(set(folds[weeks == week])) == 1 for week in set(weeks))
    assert set(folds) == {0, 1, 2}


def test_a_long_history_is_drawn_from_and_the_same_each_time() -> None:
    first, second = (draw_pairs(np.zeros(800 * DAY), DAY, skip_days=7) for _ in range(2))
    assert len(first.targets) == N_PAIRS
    assert first.targets.min() >= 70 * DAY
    np.testing.assert_array_equal(first.origins, second.origins)


def test_of_nothing_no_pairs_are_drawn() -> None:
    assert len(draw_pairs(np.full(DAY, np.nan), DAY, skip_days=0).targets) == 0
    assert len(draw_pairs(np.zeros(0), DAY, skip_days=1).targets) == 0
