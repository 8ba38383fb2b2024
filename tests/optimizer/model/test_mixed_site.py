"""Random problems with everything that a site may owe and earn."""

import pytest

from optimizer.exact import ExactPlanner
from optimizer.ladder import answer_without_solver
from optimizer.verify import faults_of
from tests.optimizer.builders import without_predecessor
from tests.optimizer.instances import mixed_site, small
from v2g.solution import Rung, Tier


@pytest.mark.parametrize("first", range(0, 60, 15))
def test_plans_of_random_sites_stand_their_replay_and_the_solver_is_best(first: int) -> None:
    planner = ExactPlanner()
    for seed in range(first, first + 15):
        problem = without_predecessor(mixed_site(seed))
        solution, rule = planner.solve_now(problem), answer_without_solver(problem, "test")
        assert faults_of(problem, solution) == faults_of(problem, rule) == (), seed
        assert solution.rung is Rung.OPTIMAL, seed
        for tier in (Tier.VIOLATION, Tier.SERVICE, Tier.MONEY):
            best, other = solution.value_of(tier), rule.value_of(tier)
            assert best <= other + 1e-4 * (1 + abs(other)), (seed, tier)
            if best < other - 1e-6 * (1 + abs(other)):
                break


def test_what_a_site_owes_changes_no_driver_and_no_limit() -> None:
    """Tiers before MONEY come out as if nothing were owed: reserve, events and contracts trade neither promises nor limits."""
    for seed in range(16):
        free, owing = (ExactPlanner().solve_now(without_predecessor(p)) for p in (small(seed), mixed_site(seed)))
        for tier in (Tier.VIOLATION, Tier.SERVICE):
            assert owing.value_of(tier) == pytest.approx(free.value_of(tier), rel=1e-5, abs=1e-5), (seed, tier)
