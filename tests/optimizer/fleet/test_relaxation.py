"""The start of a cold search: a bound from below, and power that the cars' classes can have."""

from dataclasses import replace

import numpy as np
import pytest

from optimizer.exact import ExactPlanner
from optimizer.fleet.bound import SiteBound
from optimizer.fleet.certificate import weighted_cost
from optimizer.fleet.groups import group_cars, order_cars
from optimizer.fleet.places import find_places
from optimizer.fleet.relaxation import Relaxation, Start
from optimizer.fleet.site import Sites
from optimizer.fleet.split import answerable
from optimizer.tiers import tier_prices
from tests.optimizer.instances import fleet
from v2g.problem import Problem
from v2g.storages import StorageKind


def started(problem: Problem, relaxation: Relaxation) -> tuple[Start, float]:
    """Return the start and the bound that its duals give."""
    places, can_answer = find_places(problem), answerable(problem)
    rest = np.flatnonzero(~can_answer)
    site = Sites().site(problem, places, rest)
    ordered = order_cars(problem, np.flatnonzero(can_answer), places)
    groups = group_cars(problem, ordered, places, site.tiers, most=16)
    start = relaxation.start(problem, site, ordered, places, rest)
    assert start is not None
    bound = SiteBound.of(site, moving=False)
    dual = bound.priced(start.dual)
    return start, bound.value(dual) + float(groups.answer(site.price_per_kwh(dual), moving=False).bound.sum())


def reachable(n: int, seed: int) -> Problem:
    """Return a fleet whose promises can be kept together, and nobody leaves before."""
    problem = fleet(n, 24, seed=seed)
    s = problem.storages
    target = 0.5 * (s.target_energy_kwh + s.initial_energy_kwh)
    return replace(problem, storages=replace(s, target_energy_kwh=target, departure_probability=np.zeros(problem.shape)))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("n_batteries", [0, 5])
def test_its_duals_bound_the_optimum_and_that_of_cars_alone_nearly(seed: int, n_batteries: int) -> None:
    problem = reachable(80, seed)
    kinds = (StorageKind.BATTERY,) * n_batteries + problem.storages.kinds[n_batteries:]
    problem = replace(problem, storages=replace(problem.storages, kinds=kinds))
    optimum = weighted_cost(ExactPlanner(prefer=False).solve_now(problem).terms, tier_prices(problem))
    _, bound = started(problem, Relaxation())
    assert bound <= optimum + 1e-6 * abs(optimum)
    assert n_batteries or bound >= optimum - 0.02 * abs(optimum)


def test_the_classes_draw_what_their_cars_can() -> None:
    problem = reachable(200, 1)
    s = problem.storages
    start, _ = started(problem, Relaxation())
    assert start.power_kw.shape == (1, 24)
    assert (start.power_kw <= s.charge_max_kw.sum(axis=0) + 1e-6).all()
    assert (start.power_kw >= -s.discharge_max_kw.sum(axis=0) - 1e-6).all()


def test_a_relaxation_after_another_is_as_good_as_a_new_one() -> None:
    relaxation = Relaxation()
    for seed in range(3):
        problem = reachable(100, seed)
        again, new = started(problem, relaxation)[1], started(problem, Relaxation())[1]
        assert again == pytest.approx(new, rel=1e-4)
