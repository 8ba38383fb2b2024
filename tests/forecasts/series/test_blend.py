import numpy as np

from forecasts.localtime import DayType
from forecasts.series.baselines import opinions, priors, types_alike
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


WEEK_OF_TYPES = np.array([DayType.WORKDAY] * 5 + [DayType.SATURDAY, DayType.SUNDAY])


def test_a_week_tells_whether_its_weekend_is_another_life() -> None:
    days = np.random.default_rng(1).normal(10.0, 1.0, size=(7, 96))
    assert types_alike(days, WEEK_OF_TYPES) > 0.75
    days[5:] -= 9.0
    assert types_alike(days, WEEK_OF_TYPES) < 0.3


def test_a_free_friday_does_not_make_a_weekend_of_workdays() -> None:
    days = np.random.default_rng(1).normal(10.0, 1.0, size=(7, 96))
    days[4:] -= 9.0
    assert types_alike(days, WEEK_OF_TYPES) < 0.6


def test_nothing_is_alike_while_no_other_type_was_seen() -> None:
    assert types_alike(np.ones((4, 96)), WEEK_OF_TYPES[:4]) == 0.0
    assert types_alike(np.full((7, 96), np.nan), WEEK_OF_TYPES) == 0.0
    assert types_alike(np.ones((1, 96)), WEEK_OF_TYPES[:1]) == 0.0


def test_days_that_are_alike_let_yesterday_and_any_days_speak() -> None:
    np.testing.assert_array_equal(priors(7.0, 0.0), priors(7.0))
    more = priors(7.0, 0.9) - priors(7.0)
    assert (more[-3:-1] > 10.0).all()
    assert not more[:-3].any()
    assert more[-1] == 0.0
