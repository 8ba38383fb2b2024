"""The exact planner against an independent formulation, and in every trouble a station gets into."""

from dataclasses import replace

import numpy as np
import pytest

from optimizer.exact import ExactPlanner
from optimizer.highs import Highs
from optimizer.verify import faults_of
from tests.optimizer.builders import car, case, grid_only, without_predecessor
from tests.optimizer.independent.whole import Whole, values
from tests.optimizer.instances import fleet, small
from v2g.problem import Problem
from v2g.solution import Rung, Solution, Tier

BRUTE_SEEDS = 120


@pytest.mark.parametrize("first", range(0, BRUTE_SEEDS, 20))
def test_every_tier_is_as_good_as_an_independent_formulation_solved_tier_by_tier(first: int) -> None:
    planner = ExactPlanner()
    for seed in range(first, first + 20):
        problem = without_predecessor(small(seed))
        solution = planner.solve_now(problem)
        assert solution.rung is Rung.OPTIMAL
        assert values(solution) == pytest.approx(Whole(problem).solve(), rel=1e-5, abs=1e-5), seed


def test_random_problems_all_solve_and_stand_their_replay() -> None:
    planner = ExactPlanner()
    for seed in range(1000, 1080):
        problem = small(seed)
        assert faults_of(problem, planner.solve_now(problem)) == (), seed


def test_a_warm_planner_finds_what_a_cold_one_finds() -> None:
    warm = ExactPlanner()
    for _ in range(4):
        problem = fleet(8, 24, noise=0.05)
        again, fresh = warm.solve_now(problem), ExactPlanner().solve_now(problem)
        assert values(again) == pytest.approx(values(fresh), rel=1e-6, abs=1e-6)


NOBODY = fleet(0, 3)
TROUBLES = {
    "nobody is there": NOBODY,
    "one step": case(car(1, target_energy_kwh=25.0, target_step=1)),
    "nothing promised": case(car(3, target_energy_kwh=30.0, target_step=0)),
    "all powers are zero": case(car(3, charge_max_kw=0.0, discharge_max_kw=0.0, target_energy_kwh=30.0, target_step=2)),
    "the load alone is above the limit": case(car(2), grid_only(2, import_limit_kw=5.0, fixed_kw=9.0)),
    "the sun alone is above the limit": case(car(2), grid_only(2, export_limit_kw=5.0, fixed_kw=-30.0)),
    "below the floor on arrival, and away": case(car(3, initial_energy_kwh=2.0, energy_min_kwh=9.0, charge_max_kw=[0, 5, 5])),
    "above the maximum": case(car(3, initial_energy_kwh=70.0)),
    "the drain empties the battery": case(car(3, drain_kwh=15.0, charge_max_kw=5.0)),
    "the target is above the maximum": case(car(3, target_energy_kwh=80.0, target_step=3)),
    "negative prices": case(car(3), price=-0.2, export=-0.3),
    "export dearer than import": case(car(3), price=0.1, export=0.4),
    "a margin above the limit": case(car(2), grid_only(2, import_limit_kw=5.0, fixed_margin_kw=9.0)),
    "no energy at all": case(car(2, energy_max_kwh=0.0, initial_energy_kwh=0.0)),
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_trouble_has_a_least_bad_plan(trouble: str) -> None:
    problem = TROUBLES[trouble]
    solution = ExactPlanner().solve_now(problem)
    assert solution.rung is Rung.OPTIMAL
    assert faults_of(problem, solution) == ()
    assert values(solution) == pytest.approx(Whole(problem).solve(), rel=1e-5, abs=1e-4)


def test_a_megawatt_fits_beside_a_kilowatt() -> None:
    storages = car(2, charge_max_kw=1e6, energy_max_kwh=1e6, target_energy_kwh=9e5, target_step=2)
    solution = ExactPlanner().solve_now(case(storages, price=[1e3, 2e3]))
    assert solution.value_of(Tier.MONEY) == pytest.approx(1e3 * (9e5 - 20))


def test_shadow_price_of_a_binding_limit_is_what_a_kw_more_would_save() -> None:
    def money(limit_kw: float) -> Solution:
        storages = car(2, target_energy_kwh=32.0, target_step=2, discharge_max_kw=0.0)
        return ExactPlanner().solve_now(case(storages, grid_only(2, import_limit_kw=limit_kw), price=[0.1, 0.4]))

    solution, wider = money(8.0), money(9.0)
    saved = solution.value_of(Tier.MONEY) - wider.value_of(Tier.MONEY)
    assert solution.prices is not None
    assert solution.prices.import_per_kw[0] == pytest.approx([saved, 0.0])


def test_every_stage_of_a_solve_is_timed() -> None:
    solution = ExactPlanner().solve_now(fleet(3, 8))
    assert set(solution.times_s) == {"state", "patch", "solve", "extract", "verify"}
    assert all(seconds > 0 for seconds in solution.times_s.values())


def test_an_incumbent_at_the_time_limit_is_taken_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    minimise = Highs.minimise
    monkeypatch.setattr(Highs, "minimise", lambda *a, **k: replace(minimise(*a, **k), optimal=False))
    problem = fleet(3, 8)
    solution = ExactPlanner().solve_now(problem)
    assert solution.rung is Rung.INCUMBENT
    assert "time limit" in solution.reason
    assert solution.gap_frac is None
    assert faults_of(problem, solution) == ()


async def test_the_port_is_filled() -> None:
    problem: Problem = fleet(2, 6)
    solution = await ExactPlanner().solve(problem)
    assert solution.power_kw.shape == (2, 6)
    assert np.isfinite(solution.energy_kwh).all()
