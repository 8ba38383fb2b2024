"""A persistent HiGHS: patched programs against new ones, ties told from reduced costs against ties solved."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from optimizer import highs as module
from optimizer.compiled.reduce import Reduced, make_pattern, reduce
from optimizer.compiled.stamp import Program, Stamp
from optimizer.compiled.template import compile_template
from optimizer.data import model_data
from optimizer.highs import BASIC, PRIMAL, Highs
from optimizer.tiers import make_objective
from tests.optimizer.instances import fleet, small
from v2g.problem import Problem
from v2g.solution import Tier
from v2g.timegrid import Array, TimeGrid


def program_of(problem: Problem, stamp: Stamp | None = None) -> Program:
    data = model_data(problem)
    stamp = stamp or Stamp(compile_template(data.structure), problem.shape[0])
    return stamp.program(data.symbols)


def costs_of(problem: Problem, program: Program, reduced: Reduced) -> tuple[Array, Array]:
    objective = make_objective(problem, {name: cost[reduced.pattern.cols] for name, cost in program.costs.items()})
    return objective.weighted + objective.moving, objective.costs[Tier.PREFERENCE]


def sooner(problem: Problem, load: float) -> Problem:
    """Return the problem with a shorter first step and another load: the same cars, the same ends of steps."""
    step_h = problem.grid.step_h.copy()
    step_h[0] *= 0.6
    circuits = replace(problem.circuits, fixed_kw=problem.circuits.fixed_kw * load)
    return replace(problem, grid=TimeGrid(start=problem.grid.start, step_h=step_h), circuits=circuits)


def test_a_patched_program_is_solved_as_a_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    passed: list[Reduced] = []
    hand_over = module.pass_program

    def counted(highs: Any, program: Reduced, cost: Array) -> None:
        passed.append(program)
        hand_over(highs, program, cost)

    monkeypatch.setattr(module, "pass_program", counted)
    before = fleet(8, 24)
    first = program_of(before)
    pattern, patched = make_pattern(first), Highs()
    patched.load(reduce(first, pattern))
    patched.minimise(costs_of(before, first, reduce(first, pattern))[0], time_limit_s=10)
    for load in (1.05, 0.9, 1.1):
        after = sooner(before, load)
        second = program_of(after, first.stamp)
        fitted = pattern.fitted(second)
        assert fitted is not None
        assert np.array_equal(fitted.matrix.toarray(), make_pattern(second).matrix.toarray())
        reduced = reduce(second, fitted)
        cost = costs_of(after, second, reduced)[0]
        passed.clear()
        patched.load(reduced)
        assert not passed
        fresh = Highs()
        fresh.load(reduce(second, make_pattern(second)))
        values = [float(cost @ highs.minimise(cost, time_limit_s=10).values) for highs in (patched, fresh)]
        assert values[0] == pytest.approx(values[1], rel=1e-9)


def test_a_pattern_fits_no_program_of_which_another_part_is_decided() -> None:
    problem = fleet(4, 12)
    first = program_of(problem)
    away = problem.storages.charge_max_kw.copy()
    away[0, :] = 0.0
    second = program_of(replace(problem, storages=replace(problem.storages, charge_max_kw=away)), first.stamp)
    assert make_pattern(first).fitted(second) is None


def test_a_forecast_that_opens_or_closes_export_makes_no_new_matrix() -> None:
    problem = fleet(4, 12)
    first = program_of(problem)
    heavy = replace(problem, circuits=replace(problem.circuits, fixed_kw=problem.circuits.fixed_kw + 200.0))
    second = program_of(heavy, first.stamp)
    at = first.stamp.columns_of("export_kw")
    assert (first.col_upper[at] > 0).any()
    assert (second.col_upper[at] == 0).all()
    assert (second.stamp.site_course[at]).all()
    cols = make_pattern(first).cols
    assert np.array_equal(np.isin(at, cols), np.isin(at, make_pattern(second).cols))


def flat(problem: Problem) -> Problem:
    """Return the problem with one price for all steps and no plan before it, so that it has ties."""
    money, none = problem.connection, np.full(problem.shape, np.nan)
    price = np.full_like(money.import_price_per_kwh, 0.3)
    return replace(
        problem,
        connection=replace(money, import_price_per_kwh=price, export_price_per_kwh=price / 3),
        storages=replace(problem.storages, previous_power_kw=none),
    )


def test_what_is_told_of_ties_is_what_solving_them_finds() -> None:
    told = {True: 0, False: 0}
    for seed in range(120):
        problem = flat(small(seed)) if seed % 2 else small(seed)
        program = program_of(problem)
        reduced = reduce(program, make_pattern(program))
        cost, preference = costs_of(problem, program, reduced)
        highs = Highs()
        highs.load(reduced)
        answer = highs.minimise(cost, time_limit_s=10)
        is_least = highs.is_least(preference)
        highs.lock(answer)
        found = highs.minimise(preference, time_limit_s=10, strategy=PRIMAL)
        saved = float(preference @ (answer.values - found.values))
        if is_least:
            assert saved <= 1e-6
        told[is_least] += 1
    assert min(told.values()) >= 5


def test_unlocked_it_stands_on_the_basis_of_the_locked_answer() -> None:
    problem = flat(fleet(8, 24))
    program = program_of(problem)
    reduced = reduce(program, make_pattern(program))
    cost, preference = costs_of(problem, program, reduced)
    highs = Highs()
    highs.load(reduced)
    answer = highs.minimise(cost, time_limit_s=10)
    before = highs.basis()
    highs.lock(answer)
    highs.minimise(preference, time_limit_s=10, strategy=PRIMAL)
    assert np.array_equal(highs.basis().columns, before.columns)
    highs.unlock()
    again = highs.minimise(cost, time_limit_s=10)
    assert highs._highs.getInfo().simplex_iteration_count == 0
    assert np.array_equal(again.values, answer.values)


def test_the_basis_is_the_one_that_highs_has() -> None:
    problem = fleet(6, 24)
    program = program_of(problem)
    reduced = reduce(program, make_pattern(program))
    highs = Highs()
    highs.load(reduced)
    answer = highs.minimise(costs_of(problem, program, reduced)[0], time_limit_s=10)
    basis, theirs = highs.basis(), highs._highs.getBasis()
    columns, rows = (np.array([int(s) for s in status]) for status in (theirs.col_status, theirs.row_status))
    sides = (
        (basis.columns, columns, answer.column_dual, reduced.col_lower < reduced.col_upper),
        (basis.rows, rows, answer.row_dual, reduced.row_lower < reduced.row_upper),
    )
    for ours, own, dual, open_ in sides:
        assert np.array_equal(ours == BASIC, own == BASIC)
        priced = (ours != BASIC) & (np.abs(dual) > module.LOCK_TOLERANCE) & open_
        assert priced.any()
        assert np.array_equal(ours[priced], own[priced])


def test_what_was_never_solved_has_the_basis_of_its_rows() -> None:
    problem = fleet(3, 12)
    program = program_of(problem)
    highs = Highs()
    highs.load(reduce(program, make_pattern(program)))
    basis = highs.basis()
    assert (basis.rows == BASIC).all()
    assert not (basis.columns == BASIC).any()
