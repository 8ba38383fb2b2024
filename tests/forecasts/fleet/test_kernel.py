"""Weights and weighted quantiles against sums made by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasts.fleet import kernel
from tests.forecasts.fleet.drivers import DAY_H, START_H, made_visits

MONDAY_8 = START_H + 70 * DAY_H + 8.0


def past_visit(**changes: object) -> kernel.Visits:
    """One visit two weeks before, at 08:00, of 5 h."""
    begin_h = np.array([MONDAY_8 - 14 * DAY_H])
    return made_visits(**{"begin_h": begin_h, "left_h": begin_h + 5.0, **changes})


def weight(car: dict[str, object], visit: dict[str, object]) -> float:
    cars = made_visits(**{"begin_h": np.array([MONDAY_8]), **car})
    return float(kernel.weights(cars, past_visit(**visit), cars.begin_h)[0, 0])


OLD = np.exp(-14.0 / 60.0)


def test_weights_are_products_of_likeness() -> None:
    me = {"driver": np.array([3])}
    assert weight({}, {}) == pytest.approx(OLD)
    assert weight({}, {"clock_h": np.array([10.0])}) == pytest.approx(OLD * np.exp(-2.0))
    assert weight({"clock_h": np.array([23.5])}, {"clock_h": np.array([0.5])}) == pytest.approx(OLD * np.exp(-0.5))
    assert weight({}, {"day_type": np.array([2])}) == pytest.approx(OLD * kernel.OTHER_DAY)
    assert weight(me, me) == pytest.approx(OLD * kernel.SAME_DRIVER)


def test_a_statement_counts_visits_with_like_statements_and_a_car_without_one_counts_all() -> None:
    said = {"stated_h": np.array([9.0])}
    assert weight(said, said) == pytest.approx(OLD)
    assert weight(said, {"stated_h": np.array([7.0])}) == pytest.approx(OLD * np.exp(-2.0))
    assert weight(said, {}) == pytest.approx(OLD * kernel.UNSTATED)
    assert weight({}, said) == pytest.approx(OLD)
    asks = {"requested_kwh": np.array([20.0])}
    assert weight(asks, {"requested_kwh": np.array([20.0 * np.exp(0.3)])}) == pytest.approx(OLD * np.exp(-0.5))


def test_strangers_are_not_the_same_driver_and_what_has_not_ended_weighs_nothing() -> None:
    assert weight({"driver": np.array([-1])}, {"driver": np.array([-1])}) == pytest.approx(OLD)
    assert weight({}, {"left_h": np.array([MONDAY_8 + 0.1])}) == 0.0


@given(
    values=st.lists(st.floats(0.0, 50.0), min_size=1, max_size=12),
    seed=st.integers(0, 99),
    level=st.floats(0.05, 0.95),
)
def test_a_weighted_quantile_is_the_least_value_up_to_which_the_level_is_reached(
    values: list[float], seed: int, level: float
) -> None:
    heavy = np.random.default_rng(seed).uniform(0.1, 1.0, len(values))
    array = np.array(values)
    found = kernel.quantiles(array, heavy[None], np.array([level]))[0, 0]
    shares = {v: heavy[array <= v].sum() / heavy.sum() for v in values}
    assert found == min(v for v in values if shares[v] >= level - 1e-12)
    assert kernel.cdf(array, heavy[None], np.array([found]))[0, 0] == pytest.approx(shares[found])


def test_nobody_alike_tells_nothing() -> None:
    assert np.isnan(kernel.quantiles(np.array([1.0]), np.zeros((1, 1)), np.array([0.5]))).all()
    assert np.isnan(kernel.quantiles(np.empty(0), np.zeros((2, 0)), np.array([0.5]))).all()
    assert np.isnan(kernel.cdf(np.empty(0), np.zeros((2, 0)), np.array([0.0, 1.0]))).all()


def test_cars_are_looked_at_in_chunks_and_each_by_its_own_weights() -> None:
    rng = np.random.default_rng(1)
    begins = np.sort(START_H + rng.uniform(0, 1000, 2 * kernel.CHUNK + 5))
    cars = made_visits(begin_h=begins)
    past = made_visits(begin_h=begins, left_h=begins + rng.uniform(1, 9, len(begins))).by_end()
    some = list(kernel.like(cars, past))
    assert [len(s.cars) for s in some] == [kernel.CHUNK, kernel.CHUNK, 5]
    last = some[-1]
    assert last.weight.sum(axis=1) == pytest.approx(kernel.weights(cars, past, cars.begin_h)[-5:].sum(axis=1))
