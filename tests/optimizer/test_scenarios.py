"""Plans whose first step does for all courses, against closed forms, an independent formulation and the expected course's plan."""

from dataclasses import replace

import numpy as np
import pytest

from optimizer.deadline import Deadline
from optimizer.exact import ExactPlanner
from optimizer.flows import make_solution
from optimizer.highs import Highs
from optimizer.readback import Readback
from optimizer.scenarios import ScenarioPlanner, joint_of
from optimizer.tiers import make_objective, optimise
from optimizer.verify import faults_of
from tests.optimizer.builders import car, case, grid_only, without_predecessor
from tests.optimizer.independent.whole import Whole
from tests.optimizer.instances import fleet, small
from v2g.problem import Problem
from v2g.scenarios import Scenario
from v2g.solution import Rung, Solution, Tier
from v2g.timegrid import Array

TOLERANCE = 1e-5


def alternative(problem: Problem, probability: float) -> Scenario:
    return Scenario(probability=probability, storages=problem.storages, circuits=problem.circuits, connection=problem.connection)


def either(problem: Problem, *others: tuple[float, Problem]) -> Problem:
    """Return the problem, or one of the others with its probability."""
    return replace(problem, scenarios=tuple(alternative(other, p) for p, other in others))


def plan(problem: Problem) -> Solution:
    return ScenarioPlanner(ExactPlanner()).solve_now(problem)


def disturbed(problem: Problem, seed: int) -> Problem:
    """Return the problem with another load, other prices and cars that leave at another time."""
    r = np.random.default_rng(seed)
    c, s, money = problem.circuits, problem.storages, problem.connection
    here = np.ones(problem.shape)
    here[:, 1:] = np.arange(1, problem.grid.n_steps) < r.integers(1, problem.grid.n_steps + 1, (problem.shape[0], 1))
    factor = r.uniform(0.5, 1.5, problem.grid.n_steps)
    return replace(
        problem,
        circuits=replace(c, fixed_kw=c.fixed_kw + r.normal(0, 2, c.fixed_kw.shape)),
        storages=replace(s, charge_max_kw=s.charge_max_kw * here, discharge_max_kw=s.discharge_max_kw * here),
        connection=replace(
            money,
            import_price_per_kwh=money.import_price_per_kwh * factor,
            export_price_per_kwh=money.export_price_per_kwh * factor,
        ),
    )


def three_courses(seed: int) -> Problem:
    """Return a random problem in which burning energy never pays, so that its linear relaxation is exact."""
    problem = without_predecessor(small(seed))
    price = np.abs(problem.connection.import_price_per_kwh) + 0.02
    money = replace(problem.connection, import_price_per_kwh=price, export_price_per_kwh=0.6 * price)
    problem = replace(problem, connection=money)
    return either(problem, (0.3, disturbed(problem, 2 * seed)), (0.25, disturbed(problem, 2 * seed + 1)))


def test_scenarios_that_are_all_alike_change_nothing() -> None:
    for problem in (fleet(8, 24), *(without_predecessor(small(seed)) for seed in range(10))):
        alone, same = ExactPlanner().solve_now(problem), plan(either(problem, (0.4, problem), (0.2, problem)))
        assert same.rung is Rung.OPTIMAL
        for tier in (Tier.VIOLATION, Tier.SERVICE, Tier.MONEY):
            assert same.value_of(tier) == pytest.approx(alone.value_of(tier), rel=1e-6, abs=1e-6)


def test_a_problem_without_scenarios_is_the_exact_planners() -> None:
    problem = fleet(4, 12)
    np.testing.assert_array_equal(plan(problem).power_kw, ExactPlanner().solve_now(problem).power_kw)


@pytest.mark.parametrize(("now", "bought"), [(0.29, 4.0), (0.2, 8.0), (0.11, 12.0)])
def test_energy_is_bought_ahead_as_a_newsvendor_buys(now: float, bought: float) -> None:
    """4, 8 or 12 kWh will be needed: dearer later (0.3), and what is left over is worth 0.1.

    The least demand whose probability of sufficing is at least (0.3 − now)/(0.3 − 0.1) is bought: at 0.05, 0.5 and 0.95.
    """

    def demand(kwh: float) -> Problem:
        wants = car(
            2, charge_max_kw=20.0, discharge_max_kw=0.0, target_energy_kwh=20.0 + kwh, target_step=2, terminal_value_per_kwh=0.1
        )
        return case(wants, price=[now, 0.3])

    solution = plan(either(demand(8.0), (0.3, demand(4.0)), (0.3, demand(12.0))))
    assert solution.charge_kw[0, 0] == pytest.approx(bought)


def test_enough_is_charged_now_for_the_day_on_which_the_load_leaves_little_room() -> None:
    """10 kWh are promised, dear now and cheap later, when a load of 6 of 10 kW may leave room for 4 kWh: 6 are charged now."""
    promised = car(2, discharge_max_kw=0.0, target_energy_kwh=30.0, target_step=2)
    calm, busy = (case(promised, grid_only(2, import_limit_kw=10.0, fixed_kw=[0.0, load]), price=[0.3, 0.1]) for load in (0.0, 6.0))
    assert ExactPlanner().solve_now(calm).charge_kw[0, 0] == pytest.approx(0.0)
    assert plan(either(calm, (0.1, busy))).charge_kw[0] == pytest.approx([6.0, 4.0])


def test_a_shadow_price_is_the_average_over_the_courses() -> None:
    """A kW more would save 0.3 in the course in which the limit binds, half of the time."""
    wants = car(2, discharge_max_kw=0.0, target_energy_kwh=32.0, target_step=2)
    wide, narrow = (case(wants, grid_only(2, import_limit_kw=[[kw, 99.0]]), price=[0.1, 0.4]) for kw in (99.0, 7.0))
    narrow = replace(narrow, storages=wants)
    prices = plan(either(wide, (0.5, narrow))).prices
    assert prices is not None
    assert prices.import_per_kw[0] == pytest.approx([0.3, 0.0])


@pytest.mark.parametrize("seed", range(0, 24, 4))
def test_every_course_has_a_plan_that_stands_and_their_first_steps_are_alike(seed: int) -> None:
    problem = three_courses(seed)
    joint, highs = joint_of(problem), Highs()
    highs.load(joint.reduced)
    objective = make_objective(problem, joint.term_costs(), joint.weighted_problems())
    answers = joint.split(optimise(highs, objective, deadline=Deadline(10.0), prefer=True).answer)
    first_kw: list[Array] = []
    for course, answer in zip(joint.courses, answers, strict=True):
        back = Readback(problem=course.problem, program=course.program, reduced=course.reduced)
        flows = back.flows(answer.values)
        if back.is_true(answer.values):
            first_kw.append(flows.power_kw[:, 0])
        solution = make_solution(
            flows,
            back.terms(flows),
            rung=Rung.OPTIMAL,
            times_s={},
        )
        assert faults_of(course.problem, solution) == ()
    assert first_kw
    for kw in first_kw[1:]:
        np.testing.assert_allclose(kw, first_kw[0], atol=1e-6)


class Pinned(Whole):
    """The independent formulation with the first step given; (charge, discharge) each (n,)."""

    def __init__(self, problem: Problem, charge_kw: Array, discharge_kw: Array) -> None:
        super().__init__(problem)
        for u, pair in enumerate(zip(charge_kw, discharge_kw, strict=True)):
            for column, kw in zip(self.power[u, 0], pair, strict=True):
                self.low[column], self.high[column] = max(kw - 1e-7, 0.0), kw + 1e-7


def expected(problem: Problem, first: Solution, share: float = 1.0) -> tuple[float, float, float]:
    """Return what `share` of a plan's first step costs on average: VIOLATION, SERVICE, MONEY; inf where a course has no plan."""
    total = np.zeros(3)
    for probability, course in problem.courses():
        try:
            v = Pinned(course, share * first.charge_kw[:, 0], share * first.discharge_kw[:, 0]).solve()
        except AssertionError:
            return np.inf, np.inf, np.inf
        total += probability * np.array([1000.0 * v["overload"] + v["outside"], v["service"], v["money"]])
    return float(total[0]), float(total[1]), float(total[2])


def no_better(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    """Return whether `one` is no better than `other`, the first tier in which they differ deciding."""
    differences = [a - b for a, b in zip(one, other, strict=True)]
    return next((d > 0 for d in differences if abs(d) > TOLERANCE * (1.0 + abs(other[0]))), True)


def test_no_other_first_step_is_better_on_average() -> None:
    """Not the expected course's own (the value of the stochastic solution is never negative), not idling, not less of either."""
    compared = gained = 0
    for seed in range(8):
        problem = three_courses(seed)
        if not problem.shape[0]:
            continue
        hedged, naive = plan(problem), ExactPlanner().solve_now(replace(problem, scenarios=()))
        best = expected(problem, hedged)
        for other, share in ((naive, 1.0), (naive, 0.5), (hedged, 0.0), (hedged, 0.8)):
            cost = expected(problem, other, share)
            assert no_better(cost, best), (seed, share)
            compared += 1
        gained += not no_better(best, expected(problem, naive))
    assert compared >= 20
    assert gained > 0


def test_a_warm_planner_finds_what_a_cold_one_finds() -> None:
    warm = ScenarioPlanner(ExactPlanner())
    for seed in range(4):
        problem = without_predecessor(fleet(2 + seed % 2, 8, noise=0.05))
        problem = either(problem, (0.3, disturbed(problem, seed)), (0.3, disturbed(problem, seed + 50)))
        again, fresh = warm.solve_now(problem), plan(problem)
        assert expected_money(problem, again) == pytest.approx(expected_money(problem, fresh), rel=1e-6)


def expected_money(problem: Problem, solution: Solution) -> float:
    """Return what the solution's first step costs on average at best."""
    return expected(problem, solution)[2]


async def test_the_port_is_filled() -> None:
    problem = fleet(2, 6)
    solution = await ScenarioPlanner(ExactPlanner()).solve(either(problem, (0.5, disturbed(problem, 1))))
    assert faults_of(problem, solution) == ()
    assert set(solution.times_s) >= {"state", "patch", "solve", "extract", "verify"}
