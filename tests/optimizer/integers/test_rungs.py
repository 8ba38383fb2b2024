"""Where no decision is made in time, there is an answer all the same, and it says what it is."""

from dataclasses import replace

import numpy as np
import pytest

from optimizer.exact import ExactPlanner
from optimizer.highs import Highs
from optimizer.integers.mip import Mip
from optimizer.verify import faults_of
from tests.optimizer.builders import car, case, fleet_of, grid_only
from v2g.problem import Problem
from v2g.solution import Rung


def contended() -> Problem:
    """Return two cars that need a limit's whole room now, of which the relaxation gives one too little to hold."""
    cars = [car(2, target_energy_kwh=30.0, target_step=1, charge_min_kw=4.0, discharge_max_kw=0.0, priority=p) for p in (2.0, 1.0)]
    return case(fleet_of(*cars), grid_only(2, import_limit_kw=12.0))


def test_in_time_it_is_decided_and_proven() -> None:
    solution = ExactPlanner().solve_now(contended())
    assert (solution.rung, solution.reason) == (Rung.OPTIMAL, "")
    assert solution.charge_kw[:, 0] == pytest.approx([8.0, 4.0])


def test_without_time_for_a_decision_the_relaxed_plan_is_rounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Mip, "decide", lambda *_: None)
    solution = ExactPlanner().solve_now(contended())
    assert solution.rung is Rung.ROUNDED
    assert "time limit" in solution.reason
    assert solution.charge_kw[:, 0] == pytest.approx([10.0, 0.0])


def test_a_decision_without_its_proof_is_an_incumbent(monkeypatch: pytest.MonkeyPatch) -> None:
    decide = Mip.decide
    monkeypatch.setattr(Mip, "decide", lambda *a: replace(decide(*a), proven=False))  # type: ignore[type-var]
    solution = ExactPlanner().solve_now(contended())
    assert solution.rung is Rung.INCUMBENT
    assert "time limit" in solution.reason


def test_a_relaxation_cut_short_is_followed_as_far_as_it_can_be_held(monkeypatch: pytest.MonkeyPatch) -> None:
    minimise = Highs.minimise
    monkeypatch.setattr(Highs, "minimise", lambda *a, **k: replace(minimise(*a, **k), optimal=False))
    problem = contended()
    solution = ExactPlanner().solve_now(problem)
    assert solution.rung is Rung.ROUNDED
    assert "time limit" in solution.reason
    assert faults_of(problem, solution) == ()
    assert np.array_equal(solution.charge_kw[:, 0] > 0, [True, False])
