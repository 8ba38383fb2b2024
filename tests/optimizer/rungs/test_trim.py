"""Trimming: whatever is wished, all limits hold, and who comes first is served first."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.replay.limits import excess_kw
from optimizer.rungs.trim import Room, room, trim
from tests.optimizer.instances import small


def shared(room_kw: float, n: int) -> Room:
    return Room(weights=np.ones((1, n)), charge_kw=np.full((1, 1), room_kw), discharge_kw=np.full((1, 1), room_kw))


def greedy(wish: list[float], order: list[int], least: list[float], left: float) -> list[float]:
    """Serve one after the other, as a person would."""
    power = [0.0] * len(wish)
    for u in order:
        given_kw = min(wish[u], left)
        if given_kw >= least[u]:
            power[u] = given_kw
            left -= given_kw
    return power


@given(
    st.lists(st.tuples(st.floats(0, 20), st.sampled_from([0.0, 4.0])), min_size=1, max_size=6).flatmap(
        lambda cars: st.tuples(st.just(cars), st.permutations(range(len(cars))), st.floats(0, 60))
    )
)
def test_one_limit_is_shared_in_order(drawn: tuple[list[tuple[float, float]], list[int], float]) -> None:
    cars, order, left = drawn
    wish, least = [w if w >= m else 0.0 for w, m in cars], [m for _, m in cars]
    power = trim(np.array(wish), np.array(order), np.array(least), shared(left, len(cars)), 0)
    assert power.sum() <= left + 1e-6
    expected = greedy(wish, order, least, left)
    first_cut = next((i for i, u in enumerate(order) if expected[u] < wish[u] - 1e-9), len(order))
    for u in order[:first_cut]:
        assert power[u] == pytest.approx(expected[u])


def test_who_cannot_hold_what_is_left_leaves_it_to_the_next() -> None:
    power = trim(np.array([10.0, 10.0, 3.0]), np.array([0, 1, 2]), np.array([4.0, 4.0, 0.0]), shared(12.0, 3), 0)
    assert power == pytest.approx([10.0, 0.0, 2.0])


def test_a_wish_below_the_least_power_is_nothing() -> None:
    assert trim(np.array([3.0]), np.array([0]), np.array([4.0]), shared(12.0, 1), 0) == pytest.approx([0.0])


def test_what_fits_together_is_kept_though_neither_side_fits_alone() -> None:
    wish = np.array([15.0, -12.0])
    assert trim(wish, np.array([0, 1]), np.zeros(2), shared(5.0, 2), 0) == pytest.approx(wish)
    assert trim(wish + 4, np.array([0, 1]), np.zeros(2), shared(5.0, 2), 0) == pytest.approx([5.0, -5.0])


@given(st.integers(0, 3000), st.data())
def test_no_wish_breaks_a_limit_that_idling_keeps(seed: int, data: st.DataObject) -> None:
    problem = small(seed)
    n, steps = problem.shape
    wish = np.array(data.draw(st.lists(st.floats(-30, 30), min_size=n, max_size=n)))
    order = np.array(data.draw(st.permutations(range(n))), dtype=np.int64)
    step = data.draw(st.integers(0, steps - 1))
    power = np.zeros((n, steps))
    power[:, step] = trim(wish, order, problem.storages.charge_min_kw, room(problem), step)
    for mine, idle in zip(excess_kw(problem, power), excess_kw(problem, np.zeros((n, steps))), strict=True):
        assert (mine <= idle + 1e-5).all()
    assert (np.abs(power[:, step]) <= np.abs(wish) + 1e-9).all()
