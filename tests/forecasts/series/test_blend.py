import numpy as np

from forecasts.series.baselines import opinions, priors
from forecasts.series.blend import skill_weights
from forecasts.series.features import WEEK_AGO, YESTERDAY

PRIOR = np.array([2.0, 1.0])


def test_untried_opinions_count_as_believed() -> None:
    np.testing.assert_allclose(skill_weights(np.zeros((2, 0)), PRIOR, np.zeros(0)), [2 / 3, 1 / 3])
    np.testing.assert_allclose(skill_weights(np.zeros((2, 5)), PRIOR, np.full(5, 9.0)), [2 / 3, 1 / 3])


def test_who_was_right_lately_counts_most() -> None:
    missed = np.array([[1.0, 1.0, 9.0], [9.0, 9.0, 1.0]])
    old, recent = (
        skill_weights(missed, np.ones(2), np.array([200.0, 200.0, 1.0])),
        skill_weights(missed, np.ones(2), np.full(3, 9.0)),
    )
    assert old[1] > 0.9
    assert recent[0] > 0.9


def test_a_day_of_luck_moves_little() -> None:
    missed = np.array([[2.0, 2.0], [1.0, 1.0]])
    lucky, proven = (
        skill_weights(missed, np.ones(2), np.array([0.5, 0.7])),
        skill_weights(missed, np.ones(2), np.array([7.0, 30.0])),
    )
    assert 0.5 < lucky[1] < 0.65
    assert proven[1] > 0.97


def test_rules_that_know_nothing_tell_the_centre() -> None:
    rows = np.full((3, 30), np.nan)
    rows[1, WEEK_AGO], rows[2, YESTERDAY] = 2.0, -1.0
    told = opinions(rows)
    assert told.shape == (len(priors(5.0)), 3)
    assert not told[:, 0].any()
    assert told[:, 1].max() == 2.0
    assert told[:, 2].min() == -1.0
    assert priors(0.0)[-2:].tolist() == [0.0, 0.0]
