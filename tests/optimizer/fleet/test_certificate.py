"""The plan that is sent is the one whose gap is told; the others' plan is exact beside the cars' sums."""

from dataclasses import replace

import numpy as np
import pytest

from optimizer.exact import ExactPlanner
from optimizer.fleet.certificate import certify, sendable, weighted_cost
from optimizer.fleet.places import find_places
from optimizer.fleet.rest import rest_problem
from optimizer.fleet.settle import Plans
from optimizer.flows import make_flows
from optimizer.replay.limits import excess_kw
from optimizer.tiers import tier_prices
from tests.optimizer.fleet.mixes import mixed, station
from v2g.errors import PlanningError, ProblemError
from v2g.problem import Problem
from v2g.solution import Rung, Solution

CARS = np.arange(10)


def sent(problem: Problem, plans: Plans, least_cost: float) -> Solution:
    places = find_places(problem)
    price = np.tile(problem.connection.import_price_per_kwh, (places.n_places, 1))
    reserve, reason = sendable(ExactPlanner(), problem, CARS, places, price, plans)
    tiers = tier_prices(problem)
    return certify(problem, plans, reserve, tiers=tiers, least_cost=least_cost, target_gap=1e-3, reason=reason)


@pytest.mark.parametrize("seed", range(8))
def test_cars_mixed_and_batteries_exact_make_a_plan_that_stands(seed: int) -> None:
    problem = station(seed, batteries=2)
    best = ExactPlanner().solve_now(problem)
    tiers = tier_prices(problem)
    solution = sent(problem, mixed(problem, seed, 0.5), least_cost=-np.inf)
    assert weighted_cost(solution.terms, tiers) >= weighted_cost(best.terms, tiers) * (1 - 1e-3) - 0.1


@pytest.mark.parametrize("seed", range(4))
def test_the_gap_is_that_of_the_plan_sent(seed: int) -> None:
    problem = station(seed, batteries=2)
    cost = weighted_cost(sent(problem, mixed(problem, seed, 0.5), least_cost=0.0).terms, tier_prices(problem))
    near, far = (sent(problem, mixed(problem, seed, 0.5), least_cost=cost - below) for below in (0.0, 7.0))
    in_play = sum(abs(t.value) for t in far.terms if t.tier == "money")
    assert near.gap_frac == pytest.approx(0.0, abs=1e-9)
    assert near.rung is Rung.OPTIMAL
    assert far.gap_frac == pytest.approx(7.0 / in_play)
    assert far.rung is (Rung.OPTIMAL if 7.0 / in_play <= 1e-3 else Rung.INCUMBENT)


@pytest.mark.parametrize("seed", range(12))
def test_the_rest_sees_the_same_limits_as_all(seed: int) -> None:
    problem, r = station(seed, batteries=3), np.random.default_rng(seed)
    s = problem.storages
    flows = make_flows(problem, r.random(problem.shape) * s.charge_max_kw, r.random(problem.shape) * s.discharge_max_kw)
    plans, others = Plans(flows.charge_kw, flows.discharge_kw, flows.energy_kwh), np.array([9, 10, 11])
    rest = rest_problem(problem, others, find_places(problem), plans)
    for whole, part in zip(excess_kw(problem, flows.power_kw), excess_kw(rest, flows.power_kw[others]), strict=True):
        assert part == pytest.approx(whole, abs=1e-6)
    solution = ExactPlanner().solve_now(rest)
    assert solution.charge_kw.shape == (3, problem.grid.n_steps)


def test_a_plan_that_cannot_be_sent_is_not_certified() -> None:
    problem = station(0)
    flows = make_flows(problem, 1.5 * problem.storages.charge_max_kw, np.zeros(problem.shape))
    plans = Plans(flows.charge_kw, flows.discharge_kw, flows.energy_kwh)
    with pytest.raises(PlanningError, match="charging leaves its bounds"):
        certify(problem, plans, None, tiers=tier_prices(problem), least_cost=0.0, target_gap=1e-3)


def test_phases_that_do_not_sum_to_nothing_are_no_skew() -> None:
    problem = station(0)
    with pytest.raises(ProblemError, match="the phases do not sum to 0"):
        replace(problem, circuits=replace(problem.circuits, fixed_skew_kw=np.ones((3, 3, problem.grid.n_steps))))
