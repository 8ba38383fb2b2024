"""A plan followed: what cannot be held is cut, what is told of it is true, and nobody else is pushed over a limit."""

from dataclasses import replace

import numpy as np
import pytest

from optimizer.exact import ExactPlanner
from optimizer.flows import Flows, make_flows
from optimizer.integers.lazily import Lazily
from optimizer.ladder import answer_without_solver
from optimizer.rungs.follow import follow
from optimizer.verify import faults_of
from tests.optimizer.builders import car, case, fleet_of, grid_only
from tests.optimizer.everything import everything
from v2g.commitments import Reserve
from v2g.converters import Converters
from v2g.problem import Problem
from v2g.solution import HeldReserve, Rung


@pytest.fixture
def always_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Lazily, "needed", lambda _: True)
    monkeypatch.setattr(Lazily, "found", lambda self: self._followed("asked for"))


@pytest.mark.usefixtures("always_followed")
def test_every_plan_followed_stands_its_replay_and_tells_the_reserve_it_holds() -> None:
    planner, holding = ExactPlanner(), 0
    for seed in range(120, 200):
        problem = everything(seed)
        solution = planner.solve_now(problem)
        assert (solution.rung, solution.reason) == (Rung.ROUNDED, "asked for"), seed
        assert faults_of(problem, solution) == (), seed
        holding += solution.reserve is not None and bool(solution.reserve.held_kw.any())
    assert holding > 5


def test_the_rungs_below_the_solver_keep_to_all_hardware() -> None:
    for seed in range(200):
        solution = answer_without_solver(everything(seed), "asked for")
        assert solution.rung in (Rung.PREVIOUS, Rung.RULE), (seed, solution.reason)


def reserved(import_limit_kw: float = np.inf) -> Problem:
    """Return a car with a reserve of 6 kW down through both steps, paid 1 and fined 2 per kW and hour."""
    reserve = Reserve(
        reserve_id="r",
        direction=-1,
        cover=np.ones(2),
        committed_kw=6.0,
        payment_per_kw_h=1.0,
        penalty_per_kw_h=2.0,
        energy_h=0.25,
    )
    return replace(case(car(2), grid_only(2, import_limit_kw=import_limit_kw)), reserves=(reserve,))


def planned(problem: Problem, charge_kw: float) -> Flows:
    flows = make_flows(problem, np.full(problem.shape, charge_kw), np.zeros(problem.shape))
    ready = np.full(problem.shape, 6.0)
    return replace(flows, reserve=HeldReserve(held_kw=np.array([6.0]), up_kw=np.zeros(problem.shape), down_kw=ready))


@pytest.mark.parametrize(
    ("charge_kw", "limit_kw", "held_kw"), [(2.0, np.inf, 6.0), (7.0, np.inf, 3.0), (2.0, 6.5, 4.5), (9.0, 8.0, 0.0)]
)
def test_reserve_is_held_as_far_as_unit_and_limit_leave_room(charge_kw: float, limit_kw: float, held_kw: float) -> None:
    problem = reserved(limit_kw)
    flows = follow(problem, planned(problem, charge_kw))
    assert flows.charge_kw == pytest.approx(np.full((1, 2), min(charge_kw, limit_kw)))
    assert flows.reserve is not None
    assert flows.reserve.held_kw == pytest.approx([held_kw])


def test_a_rung_that_holds_no_reserve_pays_the_fine_and_earns_nothing() -> None:
    solution = answer_without_solver(reserved(), "asked for")
    terms = {t.name: t.value for t in solution.terms}
    assert (solution.rung, solution.reserve) == (Rung.RULE, None)
    assert terms["reserve_payment"] == 0.0
    assert terms["reserve_missing"] == pytest.approx(2 * 2.0 * 6.0)


def test_who_is_cut_to_whole_steps_leaves_nobody_over_a_limit_that_counted_on_it() -> None:
    giver, taker = car(1, initial_energy_kwh=40.0), car(1)
    problem = case(fleet_of(giver, taker), grid_only(1, import_limit_kw=2.0))
    converters = replace(Converters.ideal(2), power_step_kw=np.array([4.0, 0.0]))
    problem = replace(problem, storages=replace(problem.storages, converters=converters))
    flows = follow(problem, make_flows(problem, np.array([[0.0], [9.0]]), np.array([[7.0], [0.0]])))
    assert flows.discharge_kw[0, 0] == 4.0
    assert flows.charge_kw[1, 0] <= 6.0
