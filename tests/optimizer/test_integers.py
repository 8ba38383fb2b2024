"""Either–or decisions: only where burning energy would pay, and exact there."""

import numpy as np
import pytest

from optimizer import exact
from optimizer.exact import ExactPlanner
from optimizer.integers import losers, overlapping
from tests.optimizer.builders import car, case, grid_only
from tests.optimizer.instances import fleet
from v2g.problem import Problem
from v2g.solution import Rung, Tier

LOSSY = {"charge_efficiency": 0.8, "discharge_efficiency": 0.8}


def burning_pays() -> Problem:
    """Return a full car while energy is given away with money: the relaxation would charge and discharge at once."""
    return case(car(3, initial_energy_kwh=50.0, **LOSSY), price=-0.3, export=-0.4)


def test_at_prices_that_do_not_pay_for_burning_no_integers_are_made() -> None:
    solution = ExactPlanner().solve_now(fleet(6, 24))
    assert "integers" not in solution.times_s


def test_burning_energy_is_not_a_plan() -> None:
    solution = ExactPlanner().solve_now(burning_pays())
    assert "integers" in solution.times_s
    assert solution.rung is Rung.OPTIMAL
    assert solution.gap_frac is not None
    assert solution.gap_frac <= 1e-4
    assert np.minimum(solution.charge_kw, solution.discharge_kw).max() == 0.0
    # paying 0.4 for each of 10 kWh given back makes room for 10 / 0.8 / 0.8 kWh that 0.3 are paid for
    assert solution.value_of(Tier.MONEY) == pytest.approx(0.4 * 10 - 0.3 * 15.625)


def test_a_site_does_not_sell_what_it_buys_at_the_same_time() -> None:
    problem = case(car(2, discharge_max_kw=0.0), grid_only(2, import_limit_kw=20.0, export_limit_kw=20.0), price=0.1, export=0.5)
    solution = ExactPlanner().solve_now(problem)
    assert solution.value_of(Tier.MONEY) == pytest.approx(0.0, abs=1e-6)


def test_without_time_for_a_decision_the_relaxed_plan_is_rounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact, "decide", lambda *_, **__: None)
    solution = ExactPlanner().solve_now(burning_pays())
    assert solution.rung is Rung.ROUNDED
    assert "time limit" in solution.reason
    assert solution.gap_frac is None


def test_the_less_used_column_of_a_pair_loses() -> None:
    pairs = np.array([[0, 1], [2, 3], [4, 5]])
    powers = np.array([5.0, 1.0, 2.0, 3.0, 4.0, 0.0])
    used = overlapping(pairs, powers)
    assert used.tolist() == [[0, 1], [2, 3]]
    assert losers(used, powers).tolist() == [1, 2]
