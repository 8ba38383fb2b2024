"""All features mixed at random: every tier is as good as an independent formulation's, and every plan stands its replay."""

import pytest

from optimizer.exact import ExactPlanner
from optimizer.verify import faults_of
from tests.optimizer.everything import everything, has_wholes
from tests.optimizer.independent.whole import Whole, values
from v2g.solution import Rung

INSTANCES, BLOCK = 520, 20
SAME = 1e-6


@pytest.mark.parametrize("first", range(0, INSTANCES, BLOCK))
def test_every_tier_is_as_good_as_the_independent_formulations(first: int) -> None:
    planner = ExactPlanner()
    for seed in range(first, first + BLOCK):
        problem = everything(seed)
        solution = planner.solve_now(problem)
        assert faults_of(problem, solution) == (), seed
        assert (solution.rung, solution.reason) == (Rung.OPTIMAL, ""), seed
        assert values(solution) == pytest.approx(Whole(problem).solve(), rel=SAME, abs=SAME), seed


def test_every_feature_is_among_them_often() -> None:
    problems = [everything(seed) for seed in range(INSTANCES)]
    parts = [(p.storages.converters, p.storages.ageing, p.storages.caps, p.circuits.module_kw) for p in problems]
    money = [(p.connection.contract, p.connection.carbon, p.connection.dispatch) for p in problems]
    for shares in (zip(*parts, strict=True), zip(*money, strict=True)):
        assert all(sum(x is not None for x in column) > INSTANCES / 10 for column in shares)
    assert sum(c is not None and bool(c.standby_kw.any()) for c, *_ in parts) > INSTANCES / 5
    assert sum(bool(p.events) for p in problems) > INSTANCES / 3
    assert sum(bool(p.reserves) for p in problems) > INSTANCES / 3
    assert sum(has_wholes(p) for p in problems) > INSTANCES / 3
