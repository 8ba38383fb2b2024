"""Tiers: weighted and certified, or one by one; never traded."""

import numpy as np
import pytest

from optimizer import tiers
from optimizer.exact import ExactPlanner
from optimizer.highs import DUAL, PRIMAL, Answer, Highs
from tests.optimizer.builders import car, case, fleet_of, grid_only
from tests.optimizer.instances import small
from v2g.errors import PlanningError
from v2g.solution import Rung, Tier
from v2g.timegrid import Array


@pytest.fixture
def one_by_one(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count how often the certificate failed."""
    calls: list[int] = []
    strictly = tiers._one_by_one

    def counted(*args: object) -> object:
        calls.append(1)
        return strictly(*args)

    monkeypatch.setattr(tiers, "_one_by_one", counted)
    return calls


def test_targets_in_reach_are_certified_without_further_solves(one_by_one: list[int]) -> None:
    ExactPlanner().solve_now(case(car(4, target_energy_kwh=35.0, target_step=4)))
    assert one_by_one == []


def test_a_target_out_of_a_cars_own_reach_is_certified_too(one_by_one: list[int]) -> None:
    solution = ExactPlanner().solve_now(case(car(4, target_energy_kwh=49.0, target_step=1)))
    assert {t.name: t.value for t in solution.terms}["unmet_target"] == pytest.approx(19.0)
    assert one_by_one == []


def test_a_target_missed_for_a_shared_limit_is_proven_tier_by_tier(one_by_one: list[int]) -> None:
    cars = [car(2, target_energy_kwh=40.0, target_step=2)] * 2
    solution = ExactPlanner().solve_now(case(fleet_of(*cars), grid_only(2, import_limit_kw=12.0)))
    assert {t.name: t.value for t in solution.terms}["unmet_target"] == pytest.approx(40 - 24)
    assert one_by_one == [1]


def test_without_any_weights_the_tiers_come_out_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    problems = [small(seed) for seed in range(40)]
    weighted = [ExactPlanner().solve_now(p) for p in problems]
    monkeypatch.setattr(tiers, "SERVICE_FACTOR", 1e-9)
    monkeypatch.setattr(tiers, "_certified", lambda *_: False)
    for problem, expected in zip(problems, weighted, strict=True):
        solution = ExactPlanner().solve_now(problem)
        for tier in (Tier.VIOLATION, Tier.SERVICE, Tier.MONEY):
            assert solution.value_of(tier) == pytest.approx(expected.value_of(tier), rel=1e-5, abs=1e-5)


def test_no_price_buys_a_drivers_energy() -> None:
    problem = case(car(2, target_energy_kwh=40.0, target_step=2), price=1e5, export=9e4, demand=1e5)
    solution = ExactPlanner().solve_now(problem)
    assert solution.value_of(Tier.SERVICE) == pytest.approx(0.0, abs=1e-6)
    assert np.array_equal(solution.power_kw.round(6), [[10.0, 10.0]])


@pytest.mark.parametrize("frac", [0.03, 0.3, 1e3])
def test_keeping_to_the_plan_before_costs_at_most_its_price_for_what_would_have_moved(
    frac: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiers, "MOVE_PRICE_FRAC", frac)
    for seed in range(60):
        problem = small(seed)
        free, held = ExactPlanner(prefer=False).solve_now(problem), ExactPlanner().solve_now(problem)
        moved_kwh = {t.name: t.value for t in free.terms}["stability"]
        price_per_kwh = frac * np.abs(problem.connection.import_price_per_kwh).mean()
        assert held.value_of(Tier.VIOLATION) == pytest.approx(free.value_of(Tier.VIOLATION), rel=1e-5, abs=1e-5), seed
        assert held.value_of(Tier.SERVICE) == pytest.approx(free.value_of(Tier.SERVICE), rel=1e-5, abs=1e-5), seed
        given_up = held.value_of(Tier.MONEY) - free.value_of(Tier.MONEY)
        assert -1e-5 <= given_up <= price_per_kwh * moved_kwh + 1e-5, seed
        in_play = sum(abs(t.value) for t in held.terms if t.tier is Tier.MONEY)
        assert held.gap_frac is not None
        assert given_up <= held.gap_frac * in_play + 1e-5, seed
        assert {t.name: t.value for t in held.terms}["stability"] <= moved_kwh + 1e-5, seed


def test_an_optimum_whose_ties_cannot_be_solved_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    problem, least = case(car(4, target_energy_kwh=35.0, target_step=4)), Highs.minimise

    def thin(highs: Highs, cost: Array, *, time_limit_s: float, strategy: int = DUAL) -> Answer:
        if strategy == PRIMAL:
            raise PlanningError("HiGHS found no plan: Infeasible")
        return least(highs, cost, time_limit_s=time_limit_s, strategy=strategy)

    monkeypatch.setattr(Highs, "minimise", thin)
    solution = ExactPlanner().solve_now(problem)
    assert solution.rung is Rung.OPTIMAL
    assert solution.value_of(Tier.MONEY) == pytest.approx(15 * 0.2)
