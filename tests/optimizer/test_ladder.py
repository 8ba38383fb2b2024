"""The ladder always answers, says from where and why, and counts."""

import numpy as np
import pytest

from optimizer import ladder as ladder_module
from optimizer.exact import ExactPlanner
from optimizer.flows import Flows
from optimizer.ladder import Ladder, answer_without_solver
from optimizer.verify import faults_of
from tests.optimizer.builders import car, case
from tests.optimizer.instances import fleet, small
from v2g.errors import PlanningError
from v2g.problem import Problem
from v2g.solution import Rung, Solution


class Broken:
    """A planner that has no answer."""

    async def solve(self, problem: Problem) -> Solution:
        raise PlanningError(f"no idea about {problem.shape[0]} cars")


class Lying:
    """A planner whose answer belongs to another problem."""

    async def solve(self, problem: Problem) -> Solution:
        return ExactPlanner().solve_now(fleet(problem.shape[0], problem.grid.n_steps, seed=99))


class Buggy:
    """A planner with a bug."""

    async def solve(self, problem: Problem) -> Solution:
        raise ZeroDivisionError(problem.shape[0])


KNOWN = case(car(3, previous_power_kw=[1.0, 2.0, 3.0]))
NEW = case(car(3, target_energy_kwh=30.0, target_step=2))


async def test_an_optimum_passes_and_is_counted() -> None:
    ladder = Ladder(ExactPlanner())
    solution = await ladder.solve(NEW)
    assert (solution.rung, solution.reason) == (Rung.OPTIMAL, "")
    assert ladder.counts[Rung.OPTIMAL] == 1
    assert sum(ladder.counts.values()) == 1


async def test_without_a_solver_the_previous_plan_holds() -> None:
    ladder = Ladder(Broken())
    solution = await ladder.solve(KNOWN)
    assert solution.rung is Rung.PREVIOUS
    assert solution.reason == "no idea about 1 cars"
    assert solution.power_kw[0] == pytest.approx([1.0, 2.0, 3.0])


async def test_without_a_previous_plan_the_rule_does() -> None:
    ladder = Ladder(Broken())
    solution = await ladder.solve(NEW)
    assert solution.rung is Rung.RULE
    assert solution.reason == "no idea about 1 cars; previous: there is no previous plan"
    assert ladder.counts == {**dict.fromkeys(Rung, 0), Rung.RULE: 1}


async def test_a_bug_costs_a_rung_and_is_told() -> None:
    solution = await Ladder(Buggy()).solve(KNOWN)
    assert solution.rung is Rung.PREVIOUS
    assert solution.reason == "the planner failed: ZeroDivisionError: 1"


async def test_an_answer_that_does_not_stand_its_replay_is_none() -> None:
    solution = await Ladder(Lying()).solve(fleet(3, 8))
    assert solution.rung is Rung.RULE
    assert "does not stand up to its replay" in solution.reason


def test_if_every_rule_fails_all_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    def too_much(problem: Problem) -> Flows:
        flows = ladder_module.idle(problem)
        return ladder_module.make_flows(problem, flows.charge_kw + 1e3, flows.discharge_kw)

    monkeypatch.setattr(ladder_module, "RULES", ((Rung.RULE, too_much),))
    solution = answer_without_solver(NEW, "no solver")
    assert solution.rung is Rung.FLOOR
    assert solution.reason.startswith("no solver; rule: the plan does not stand up")
    assert (solution.power_kw == 0).all()


def test_the_rungs_below_the_solver_stand_their_replay_on_random_problems() -> None:
    rungs = set()
    for seed in range(300):
        solution = answer_without_solver(small(seed), "test")
        assert faults_of(small(seed), solution) == (), seed
        rungs.add(solution.rung)
    assert rungs == {Rung.PREVIOUS, Rung.RULE}


def test_the_floor_stands_its_replay_on_random_problems(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ladder_module, "RULES", ())
    for seed in range(100):
        solution = answer_without_solver(small(seed), "test")
        assert solution.rung is Rung.FLOOR
        assert faults_of(small(seed), solution) == (), seed


def test_a_thousand_cars_need_no_solver() -> None:
    solution = answer_without_solver(fleet(1000, 24), "test")
    assert solution.rung is Rung.RULE
    assert np.isfinite(solution.energy_kwh).all()
