"""Real time limits, as tight as they come: there is always a plan that stands, and it says how good it is proven to be."""

from dataclasses import replace

import pytest

from optimizer.exact import ExactPlanner
from optimizer.integers import lazily
from optimizer.ladder import Ladder
from optimizer.verify import faults_of
from tests.optimizer.instances import fleet
from tests.optimizer.integers.test_least import with_minima
from v2g.problem import Problem
from v2g.solution import Rung, Solution, Tier

SHARES = (0.0, 0.02, 0.05, 0.1, 0.2, 0.4)
"""Of the time that all decisions take, beyond what the relaxation takes."""


def contended() -> Problem:
    """Return cars whose least powers leave no room for all: the relaxation takes a twentieth of the time of the decisions."""
    problem = with_minima(fleet(60, 24), 7.3)
    return replace(problem, circuits=replace(problem.circuits, import_limit_kw=0.8 * problem.circuits.import_limit_kw))


def money_in_play(solution: Solution) -> float:
    return sum(abs(t.value) for t in solution.terms if t.tier is Tier.MONEY)


async def test_under_every_limit_there_is_a_plan_with_an_honest_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lazily, "ROUNDED_GAP", -1.0)  # rounding takes no time that could run out
    problem = contended()
    best = ExactPlanner().solve_now(problem)
    assert best.rung is Rung.OPTIMAL
    decisions_s = best.times_s["integers"]
    relaxed_s = sum(best.times_s.values()) - decisions_s
    found = []
    for limit_s in (0.0, 0.5 * relaxed_s, *(relaxed_s + share * decisions_s for share in SHARES)):
        solution = await Ladder(ExactPlanner(time_limit_s=limit_s)).solve(problem)
        found.append(solution.rung)
        assert faults_of(problem, solution) == ()
        if solution.rung is Rung.OPTIMAL:
            assert solution.reason == ""
            continue
        assert "time limit" in solution.reason.lower()
        same = solution.value_of(Tier.SERVICE) == pytest.approx(best.value_of(Tier.SERVICE), rel=1e-5, abs=1e-5)
        if same and solution.gap_frac is not None:
            lost = solution.value_of(Tier.MONEY) - best.value_of(Tier.MONEY)
            assert lost <= (solution.gap_frac + (best.gap_frac or 0.0) + 1e-6) * money_in_play(solution)
    assert found[0] is Rung.RULE
    assert set(found) & {Rung.INCUMBENT, Rung.ROUNDED}
