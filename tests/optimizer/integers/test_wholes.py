"""Steps, modules and blocks come in wholes, and as good as the best of all counts."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from optimizer.cabinets import whole_kw
from optimizer.exact import ExactPlanner
from optimizer.flows import make_flows
from optimizer.replay.holding import above_modules_kw
from optimizer.rungs.follow import follow
from optimizer.rungs.rule import least_laxity
from tests.optimizer.builders import car, case, fleet_of, grid_only
from tests.optimizer.independent.whole import values
from tests.optimizer.integers.enumeration import best
from v2g.commitments import CapacityContract
from v2g.converters import Converters
from v2g.problem import Problem
from v2g.solution import Rung


def stepped(step_kw: float) -> Problem:
    cars = [car(2, target_energy_kwh=23.3, target_step=1), car(2, target_energy_kwh=27.7, target_step=2)]
    problem = case(fleet_of(*cars), grid_only(2, import_limit_kw=8.0), price=[0.1, 0.3], export=[0.0, 0.2])
    converters = replace(Converters.ideal(2), power_step_kw=np.full(2, step_kw))
    return replace(problem, storages=replace(problem.storages, converters=converters))


@pytest.mark.parametrize("step_kw", [1.5, 2.2, 3.0])
def test_the_first_step_is_in_whole_steps_and_the_best_of_these(step_kw: float) -> None:
    problem = stepped(step_kw)
    solution = ExactPlanner().solve_now(problem)
    counts = range(-int(10 / step_kw), int(10 / step_kw) + 1)
    exact = [(max(k, 0) * step_kw, max(-k, 0) * step_kw) for k in counts]
    alternatives = [
        {(u, 0, i): (pair[u][i], pair[u][i]) for u in range(2) for i in range(2)}
        for pair in product(exact, repeat=2)
        if sum(p[0] - p[1] for p in pair) <= 8.0
    ]
    assert solution.rung is Rung.OPTIMAL
    assert solution.power_kw[:, 0] / step_kw == pytest.approx(np.rint(solution.power_kw[:, 0] / step_kw), abs=1e-5)
    assert values(solution) == pytest.approx(best(problem, alternatives), rel=1e-6, abs=1e-6)


def cabinet(room_kw: float, module_kw: float, targets: tuple[float, ...]) -> Problem:
    cars = [car(2, target_energy_kwh=20 + kwh, target_step=1, discharge_max_kw=0.0, charge_max_kw=100.0) for kwh in targets]
    circuits = grid_only(2, import_limit_kw=room_kw)
    return case(fleet_of(*cars), replace(circuits, module_kw=np.array([module_kw])), price=[0.1, 0.3])


@pytest.mark.parametrize("targets", [(25.0, 15.0, 5.0), (30.0, 30.0, 30.0), (21.0, 1.0, 20.0)])
def test_guns_of_a_cabinet_share_whole_modules_and_make_the_best_of_them(targets: tuple[float, ...]) -> None:
    problem = cabinet(60.0, 20.0, targets)
    solution = ExactPlanner().solve_now(problem)
    assert whole_kw(solution.charge_kw[:, 0], 20.0).sum() <= 60.0
    shares = [n for n in product(range(4), repeat=3) if sum(n) <= 3]
    alternatives = [{(u, 0, 0): (0.0, 20.0 * n[u]) for u in range(3)} for n in shares]
    assert values(solution) == pytest.approx(best(problem, alternatives), rel=1e-6, abs=1e-6)


def test_the_rule_and_a_followed_plan_share_whole_modules_too() -> None:
    problem = cabinet(60.0, 20.0, (30.0, 25.0, 30.0))
    for flows in (
        least_laxity(problem),
        follow(problem, make_flows(problem, np.full(problem.shape, 20.5), np.zeros(problem.shape))),
    ):
        assert flows.charge_kw[:, 0].any()
        assert not above_modules_kw(problem, flows.charge_kw, flows.discharge_kw).any()


def test_capacity_is_bought_in_whole_blocks() -> None:
    contract = CapacityContract(contracted_kw=4.0, overage_price_per_kw=5.0, block_kw=5.0, block_price=6.0, max_blocks=3)
    problem = case(car(1, target_energy_kwh=30.0, target_step=1), price=0.1)
    problem = replace(problem, connection=replace(problem.connection, contract=contract))
    terms = {t.name: t.value for t in ExactPlanner().solve_now(problem).terms}
    # 10 kW: one block (6) and 1 kW above it (5) are cheaper than two blocks (12) or 6 kW of overage (30)
    assert terms["capacity_contract"] == pytest.approx(6.0 + 5.0)
