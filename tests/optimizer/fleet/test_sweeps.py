"""Answers in turns: they add up, they are answers to the curves that are told, and they come near what is aimed at."""

import numpy as np
import pytest

from optimizer.fleet.answers import answer
from optimizer.fleet.groups import Groups, group_cars, order_cars
from optimizer.fleet.places import find_places
from optimizer.fleet.sweeps import Sweeps
from optimizer.tiers import tier_prices
from tests.optimizer.fleet.mixes import station
from tests.optimizer.instances import fleet
from v2g.problem import Problem
from v2g.timegrid import Array


def grouped(problem: Problem) -> Groups:
    places = find_places(problem)
    ordered = order_cars(problem, np.arange(problem.shape[0]), places)
    return group_cars(problem, ordered, places, tier_prices(problem), most=30)


def at_places(groups: Groups, power_kw: Array, n_places: int) -> Array:
    total = np.zeros((n_places, power_kw.shape[1]))
    np.add.at(total, groups.place, power_kw)
    return total


@pytest.mark.parametrize("seed", range(3))
def test_each_group_answers_the_curve_that_is_told(seed: int) -> None:
    problem, r = station(seed, 40), np.random.default_rng(seed)
    groups, n_places = grouped(problem), find_places(problem).n_places
    price, none = r.uniform(0.05, 0.4, (n_places, problem.grid.n_steps)), np.zeros((n_places, problem.grid.n_steps))
    sweeps = Sweeps(groups, none)
    for strength in (0.0, 2.0, 0.5):
        found, curves = sweeps.sweep(price, none, strength)
        alone = answer(groups.cars, curves)
        assert found.power_kw == pytest.approx(alone.power_kw)
        assert found.cost == pytest.approx(alone.cost)


def test_without_strength_it_is_the_plain_answer() -> None:
    problem = fleet(100, 24)
    groups, price = grouped(problem), problem.connection.import_price_per_kwh[None]
    found, curves = Sweeps(groups, np.zeros((1, 24))).sweep(price, np.zeros((1, 24)), 0.0)
    plain = groups.answer(price)
    assert (curves == price).all()
    assert found.power_kw == pytest.approx(plain.power_kw)
    assert found.cost == pytest.approx(plain.cost)


def test_in_turns_cars_come_nearer_to_the_aim_than_all_at_once() -> None:
    problem = fleet(300, 24)
    groups, price = grouped(problem), problem.connection.import_price_per_kwh[None]
    plain = groups.answer(price).power_kw
    aim = np.broadcast_to(plain.sum(axis=0).mean(), (1, 24))
    found, _ = Sweeps(groups, at_places(groups, plain, 1)).sweep(price, aim, 4.0)
    assert np.abs(at_places(groups, found.power_kw, 1) - aim).sum() < 0.7 * np.abs(plain.sum(axis=0) - aim).sum()


def test_a_place_without_cars_has_no_part() -> None:
    problem = fleet(20, 8)
    groups = grouped(problem)
    price, none = np.full((3, 8), 0.2), np.zeros((3, 8))
    found, _ = Sweeps(groups, none).sweep(price, none, 1.0)
    assert np.isfinite(found.power_kw).all()
