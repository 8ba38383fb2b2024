from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from v2g.standing import LEAST_SCORES, LOSES, WINDOW, WINS, ForecastScore, Standing, standing, use_model

NOW = datetime(2026, 3, 4, tzinfo=UTC)
skills = st.floats(-2.0, 1.0)


def score(loss: float, *, hours_ago: float = 1.0, n: int = 10, signal: str = "load", inside: float = 0.8) -> ForecastScore:
    at = NOW - timedelta(hours=hours_ago)
    return ForecastScore(signal=signal, at=at, n=n, inside=inside, loss=loss, baseline_loss=1.0)


def test_nothing_scored_tells_nothing_and_changes_nothing() -> None:
    for in_use in (True, False):
        assert standing("load", (), now=NOW, in_use=in_use) == Standing(signal="load", model_in_use=in_use)


def test_skill_and_coverage_count_by_values() -> None:
    scores = (score(0.5, n=30, inside=1.0), score(0.9, n=10, inside=0.6), score(9.0, signal="pv"))
    told = standing("load", scores, now=NOW, in_use=True)
    assert told.n == 40
    assert told.skill == pytest.approx(1.0 - (30 * 0.5 + 10 * 0.9) / 40)
    assert told.coverage80 == pytest.approx(0.9)


def test_what_is_long_ago_counts_no_more() -> None:
    old = [score(5.0, hours_ago=WINDOW.total_seconds() / 3600)] * 9
    assert standing("load", [*old, *[score(0.5)] * LEAST_SCORES], now=NOW, in_use=True).skill == pytest.approx(0.5)


@pytest.mark.parametrize(("loss", "skill"), [(0.0, 0.0), (1.0, -1.0)])
def test_a_baseline_that_never_errs_is_lost_to_by_any_error(loss: float, skill: float) -> None:
    perfect = ForecastScore(signal="load", at=NOW, n=1, inside=1.0, loss=loss, baseline_loss=0.0)
    assert standing("load", [perfect], now=NOW, in_use=True).skill == skill


@given(skill=skills, in_use=st.booleans())
def test_little_evidence_decides_nothing(skill: float, in_use: bool) -> None:
    assert use_model(in_use=in_use, skill=skill, n_scores=LEAST_SCORES - 1) is in_use


@given(skill=skills)
def test_who_loses_gives_way_who_wins_comes_back_and_between_nothing_changes(skill: float) -> None:
    was, was_not = (use_model(in_use=in_use, skill=skill, n_scores=LEAST_SCORES) for in_use in (True, False))
    assert was or not was_not
    assert (was, was_not) == ((False, False) if skill <= LOSES else (True, True) if skill > WINS else (True, False))


@given(path=st.lists(skills, max_size=30))
def test_a_change_takes_a_skill_on_its_side(path: list[float]) -> None:
    in_use = True
    for skill in path:
        after = use_model(in_use=in_use, skill=skill, n_scores=LEAST_SCORES)
        assert after is in_use or (skill > WINS if after else skill <= LOSES)
        in_use = after
