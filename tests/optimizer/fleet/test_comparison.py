"""The fleet planner against the exact one on hundreds of random problems, with everything that both plan.

    bound ≤ exact optimum ≤ what is sent ≤ bound + gap·money in play,   linear program ≤ what is sent

with tiers before MONEY at their prices, where keeping to the last plan counts as a loss. The exact planner trades no tier for a
later one at any price, and so may pay more in this sense where that binds.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pytest

from optimizer.compiled.reduce import make_pattern, reduce
from optimizer.compiled.stamp import Stamp
from optimizer.compiled.template import compile_template
from optimizer.data import model_data
from optimizer.evaluate import in_play
from optimizer.exact import ExactPlanner
from optimizer.fleet import planner as planning
from optimizer.fleet.certificate import certify, weighted_cost
from optimizer.fleet.planner import FleetPlanner
from optimizer.fleet.split import fits
from optimizer.highs import Highs
from optimizer.model.build import TERMS
from optimizer.tiers import tier_prices
from optimizer.verify import faults_of
from tests.optimizer.fleet.mixes import station
from tests.optimizer.instances import mixed, mixed_site, small
from v2g.problem import Problem
from v2g.solution import Rung, Solution, Tier

ROUNDING = 1e-6
PARTS = 8
SEEDS: dict[Callable[[int], Problem], range] = {small: range(145), mixed: range(180), mixed_site: range(90), station: range(10)}
INSTANCES = [(make, seed) for make, seeds in SEEDS.items() for seed in seeds if fits(make(seed))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What a problem costs: by the fleet planner's bound and plan, by the exact plan, proven to `exact_gap`, and by its relaxation.

    `traded` tells whether the fleet's plan is better only because it gave up something of a tier for a later one.
    """

    bound: float
    relaxed: float
    exact: float
    exact_gap: float
    sent: float
    gap: float
    traded: bool
    solution: Solution

    @property
    def rounding(self) -> float:
        return ROUNDING * (1.0 + abs(self.exact))


@pytest.fixture
def bounds(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the bounds that plans are certified by."""
    told: list[float] = []

    def kept(*args: object, least_cost: float, **options: object) -> Solution:
        told.append(least_cost)
        return certify(*args, least_cost=least_cost, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(planning, "certify", kept)
    return told


def compared(problem: Problem, bounds: list[float]) -> Compared:
    exact, tiers = ExactPlanner(prefer=False).solve_now(problem), tier_prices(problem)
    solution = FleetPlanner(time_limit_s=30.0).solve_now(problem)
    assert faults_of(problem, solution) == ()
    assert exact.gap_frac is not None
    assert solution.gap_frac is not None
    return Compared(
        bound=bounds[-1],
        relaxed=relaxed_cost(problem),
        exact=weighted_cost(exact.terms, tiers),
        exact_gap=exact.gap_frac * in_play(exact.terms),
        sent=weighted_cost(solution.terms, tiers),
        gap=solution.gap_frac * in_play(solution.terms),
        traded=tier_values(exact)[:2] < tier_values(solution)[:2],
        solution=solution,
    )


def tier_values(solution: Solution) -> tuple[float, ...]:
    weight = {term.name: term.weight for term in TERMS}
    return tuple(round(sum(weight[t.name] * t.value for t in solution.terms if t.tier is tier), 6) for tier in Tier)


def relaxed_cost(problem: Problem) -> float:
    """Return the least cost of the exact planner's linear program without a last plan."""
    data, tiers = model_data(problem), tier_prices(problem)
    program = Stamp(compile_template(data.structure), problem.shape[0]).program(data.symbols)
    reduced = reduce(program, make_pattern(program))
    price = {Tier.VIOLATION: tiers.violation_per_kwh_h, Tier.SERVICE: tiers.service_per_kwh, Tier.MONEY: 1.0}
    used = [term for term in TERMS if term.tier in price and term.name in program.costs]
    cost = sum((price[t.tier] * t.weight * program.costs[t.name] for t in used), np.zeros(len(reduced.base)))
    highs = Highs()
    highs.load(reduced)
    return float(cost @ reduced.full(highs.minimise(cost[reduced.pattern.cols], time_limit_s=10.0).values))


def of(make: Callable[[int], Problem], part: int) -> Iterator[tuple[int, Problem]]:
    seeds = [seed for kind, seed in INSTANCES if kind is make]
    return ((seed, make(seed)) for seed in seeds[part::PARTS])


def test_there_are_hundreds_of_instances_with_every_trouble_that_both_plan() -> None:
    problems = [make(seed) for make, seed in INSTANCES]
    assert len(problems) >= 300
    has = [(p, p.storages.converters, p.storages.ageing) for p in problems]
    for trouble in (
        [p.reserves for p in problems],
        [p.events for p in problems],
        [p.storages.caps is not None and len(p.storages.caps.window) > 1 for p in problems],
        [c is not None and (c.taper_full_kwh < 1e9).any() for _, c, _ in has],
        [c is not None and (c.rest_h > 0).any() for _, c, _ in has],
        [a is not None and a.calendar_price_per_kwh_h.any() for _, _, a in has],
        [(p.connection.import_price_per_kwh < 0).any() for p in problems],
        [p.circuits.n_circuits > 1 for p in problems],
    ):
        assert sum(map(bool, trouble)) >= 10


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("make", list(SEEDS))
def test_the_bound_is_below_the_exact_optimum_and_that_below_what_is_sent(
    make: Callable[[int], Problem], part: int, bounds: list[float]
) -> None:
    for seed, problem in of(make, part):
        c = compared(problem, bounds)
        assert c.bound <= c.exact + c.rounding, seed
        assert c.relaxed <= c.sent + c.rounding, seed
        assert c.traded or c.sent >= c.exact - c.exact_gap - c.rounding, seed
        assert c.sent <= c.bound + c.gap + c.rounding, seed
        assert (c.solution.rung is Rung.OPTIMAL) == (c.gap <= 1e-3 * in_play(c.solution.terms)), seed
