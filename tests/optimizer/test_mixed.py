"""Everything a storage can be furnished with, at random: the model, the rules and the codec hold it."""

from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np
import pytest

from optimizer.compiled.template import compile_template
from optimizer.data import model_data
from optimizer.exact import ExactPlanner
from optimizer.frames import _unpack, pack
from optimizer.ladder import answer_without_solver
from optimizer.verify import faults_of
from tests.optimizer.builders import without_predecessor
from tests.optimizer.compiled.test_template import by_pyomo, by_template
from tests.optimizer.instances import fleet, mixed, small
from v2g.codec import decode, encode
from v2g.commitments import CapacityContract, Carbon, Dispatch, Event, Reserve
from v2g.problem import Problem
from v2g.solution import Rung


@pytest.mark.parametrize("first", [0, 20, 40])
def test_every_plan_stands(first: int) -> None:
    planner = ExactPlanner()
    for seed in range(first, first + 20):
        problem = mixed(seed)
        solution = planner.solve_now(problem)
        assert solution.rung is Rung.OPTIMAL, seed
        assert faults_of(problem, solution) == (), seed


def test_with_standby_losses_too() -> None:
    planner = ExactPlanner()
    for seed in range(100, 150):
        problem = mixed(seed, standby=True)
        solution = planner.solve_now(problem)
        assert (solution.rung, solution.reason) == (Rung.OPTIMAL, ""), seed
        assert faults_of(problem, solution) == (), seed


def test_so_does_every_rule() -> None:
    for seed in range(300):
        problem = mixed(seed, standby=True)
        solution = answer_without_solver(problem, "asked for")
        assert solution.rung in (Rung.PREVIOUS, Rung.RULE), (seed, solution.reason)
        assert faults_of(problem, solution) == (), seed


@pytest.mark.parametrize("seed", range(12))
def test_the_stamped_program_has_the_optimum_of_the_full_pyomo_model(seed: int) -> None:
    problem = without_predecessor(mixed(seed))
    assert by_template(problem) == pytest.approx(by_pyomo(problem), rel=1e-6, abs=1e-6)


def test_what_nobody_has_takes_no_column_and_no_row() -> None:
    plain = compile_template(model_data(fleet(2, 8)).structure)
    owned = ("charge_above_kw", "charge_below_kw", "discharge_above_kw", "discharge_below_kw", "ramp_broken_kw", "high_kwh")
    depths = ("depth_in_kw", "depth_out_kw", "depth_kwh")
    rows = ("charge_knee", "discharge_knee", "taper", "charge_growth", "discharge_growth", "ramp_up", "ramp_down", "discharge_cap")
    more_rows = ("high", "depth_balance", "depth_given", "depth_taken")
    assert not any(plain.columns.blocks[name].size for name in (*owned, *depths))
    assert not any(plain.rows.blocks[name].size for name in (*rows, *more_rows))


def whole(seed: int) -> Problem:
    """Return a problem with every optional part."""
    problem = next(p for p in map(mixed, range(seed, seed + 200)) if all(_optional(p)) and p.shape[0] > 1)
    ones, steps = np.ones(problem.grid.n_steps), problem.grid.n_steps
    follow = np.where(np.arange(steps) % 2 == 0, np.nan, 3.0)
    return replace(
        problem,
        circuits=replace(problem.circuits, module_kw=np.zeros(problem.circuits.n_circuits)),
        connection=replace(
            problem.connection,
            contract=CapacityContract(contracted_kw=5.0, block_kw=2.0, max_blocks=3),
            carbon=Carbon(intensity_kg_per_kwh=0.5 * ones, price_per_kg=0.1),
            dispatch=Dispatch(follow_kw=follow, price_per_kwh=0.2),
        ),
        events=(Event(event_id="e", direction=1, cover=ones, baseline_kw=4 * ones, committed_kw=2.0),),
        reserves=(Reserve(reserve_id="r", direction=0, cover=ones, offer_max_kw=2.0),),
    )


def _optional(problem: Problem) -> tuple[bool, ...]:
    s = problem.storages
    return s.converters is not None, s.ageing is not None, s.caps is not None


def same(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b, equal_nan=True)
    if is_dataclass(a):
        return type(a) is type(b) and all(same(getattr(a, f.name), getattr(b, f.name)) for f in fields(a))
    if isinstance(a, tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b) and type(a) is type(b)


def test_a_whole_problem_survives_json_and_the_solvers_pipe() -> None:
    problem = whole(0)
    assert same(decode(Problem, encode(problem)), problem)
    assert same(_unpack(pack(problem)[8:]), problem)
    assert not same(problem, small(0))
