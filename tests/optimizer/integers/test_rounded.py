"""What rounding finds without a decision: within its gap of what a mixed-integer program decides, and told with an honest bound."""

from dataclasses import replace

import numpy as np
import pytest

from optimizer.exact import ExactPlanner
from optimizer.highs import Answer
from optimizer.integers import lazily
from optimizer.integers.choice import Bounds
from optimizer.integers.lazily import ROUNDED_GAP
from optimizer.integers.least import Least
from optimizer.integers.mip import MIP_GAP, Mip
from tests.optimizer.builders import without_predecessor
from tests.optimizer.independent.whole import values
from tests.optimizer.instances import fleet
from tests.optimizer.integers.test_least import trickles, with_minima
from v2g.problem import Problem
from v2g.solution import Rung, Solution, Tier


def crowded(seed: int) -> Problem:
    """Return ten cars that charge and give back at 6 kW at least, behind a limit that binds: too large for the optimum itself."""
    problem = without_predecessor(with_minima(fleet(10, 24, seed=seed), 6.0, 6.0))
    circuits = replace(problem.circuits, import_limit_kw=0.8 * problem.circuits.import_limit_kw)
    return replace(problem, circuits=circuits)


def in_play(solution: Solution) -> float:
    return sum(abs(t.value) for t in solution.terms if t.tier is Tier.MONEY)


@pytest.mark.parametrize("seed", range(12))
def test_rounding_is_as_good_as_deciding_but_for_its_gap(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = crowded(seed)
    rounded = ExactPlanner().solve_now(problem)
    monkeypatch.setattr(lazily, "ROUNDED_GAP", -1.0)
    decided = ExactPlanner().solve_now(problem)
    (*earlier, cost), (*least, least_cost) = values(rounded).values(), values(decided).values()
    assert not trickles(problem, rounded)
    assert rounded.rung is Rung.OPTIMAL
    assert earlier == pytest.approx(least, abs=1e-6)
    assert cost <= least_cost + (ROUNDED_GAP + MIP_GAP) * in_play(decided)
    assert rounded.gap_frac is not None
    assert cost - rounded.gap_frac * in_play(rounded) <= least_cost + 1e-6


def test_a_car_that_cannot_wait_is_held_without_a_decision(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(Mip, "decide")
    held, missed = list[Bounds](), Least.missed

    def noted(least: Least, answer: Answer) -> Bounds | None:
        bounds = missed(least, answer)
        held.extend([] if bounds is None else [bounds])
        return bounds

    monkeypatch.setattr(Least, "missed", noted)
    assert ExactPlanner().solve_now(crowded(3)).rung is Rung.OPTIMAL
    assert held


def answer_of(power_kw: list[float], dual: list[float]) -> Answer:
    return Answer(values=np.array(power_kw), column_dual=np.array(dual), row_dual=np.empty(0), optimal=True)


def test_what_would_gain_most_is_missed() -> None:
    least = Least(np.arange(4), np.array([4.0, 2.0, 4.0, 4.0]), np.array([7.0, 7.0, 3.0, 7.0]), np.zeros(4, dtype=np.int64))
    # Column 0 gains 4·0.2, column 1 only 2·0.3; column 2 cannot hold its least, column 3 already charges.
    bounds = least.missed(answer_of([0.0, 0.0, 0.0, 5.0], [-0.2, -0.3, -9.0, -9.0]))
    assert bounds is not None
    assert (bounds.columns.tolist(), bounds.lower.tolist(), bounds.upper.tolist()) == ([0], [4.0], [7.0])


def test_nothing_is_missed_where_closing_costs_nothing() -> None:
    least = Least(np.arange(2), np.full(2, 4.0), np.full(2, 7.0), np.zeros(2, dtype=np.int64))
    assert least.missed(answer_of([0.0, 0.0], [0.0, 0.1])) is None
