"""A basis carried over to a later problem: by unit and by instant."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from optimizer import exact
from optimizer.compiled.reduce import make_pattern
from optimizer.compiled.stamp import Stamp
from optimizer.compiled.template import compile_template
from optimizer.data import model_data
from optimizer.exact import ExactPlanner
from optimizer.highs import AT_LOWER, BASIC, Basis
from optimizer.warm import Footing, carry_over
from tests.optimizer.instances import fleet
from v2g.problem import Problem
from v2g.storages import Storages
from v2g.timegrid import TimeGrid


def later(problem: Problem, steps: int, units: list[int]) -> Problem:
    """Return the problem `steps` later with only some of its units, in that order; what comes after the end repeats it."""
    n_steps = problem.grid.n_steps
    at = np.minimum(np.arange(n_steps) + steps, n_steps - 1)
    s = problem.storages

    def moved(name: str) -> Any:
        value = getattr(s, name)
        if value is None or isinstance(value, tuple):
            return value and tuple(value[u] for u in units)
        return value[units][:, at] if value.ndim == 2 and value.shape[1] == n_steps else value[units]

    start = problem.grid.start + timedelta(hours=float(problem.grid.edges_h[steps]))
    return replace(
        problem,
        grid=TimeGrid(start=start, step_h=problem.grid.step_h),
        storages=replace(
            Storages(**{name: moved(name) for name in Storages.__slots__}),
            target_step=np.maximum(s.target_step[units] - steps, 0),
        ),
    )


def footing(problem: Problem) -> tuple[Footing, Any]:
    data = model_data(problem)
    program = Stamp(compile_template(data.structure), problem.shape[0]).program(data.symbols)
    return Footing(problem=problem, stamp=program.stamp, pattern=make_pattern(program)), program


def test_statuses_follow_their_unit_and_their_instant() -> None:
    before = fleet(4, 12)
    old, _ = footing(before)
    new, _ = footing(later(before, 3, [2, 0]))
    marked = np.full(old.stamp.n_cols, AT_LOWER, np.int8)
    marked[old.stamp.columns_of("energy_kwh")[2, 5]] = BASIC
    basis = Basis(columns=marked[old.pattern.cols], rows=np.full(len(old.pattern.rows), BASIC, np.int8))
    carried = carry_over(basis, old, new)
    assert carried is not None
    here = np.full(new.stamp.n_cols, AT_LOWER, np.int8)
    here[new.pattern.cols] = carried.columns
    assert np.flatnonzero(here == BASIC).tolist() == [new.stamp.columns_of("energy_kwh")[0, 2]]


def test_a_stranger_starts_at_its_lower_bounds() -> None:
    before = fleet(4, 12)
    old, _ = footing(later(before, 0, [0, 1]))
    new, _ = footing(before)
    basis = Basis(columns=np.full(len(old.pattern.cols), BASIC, np.int8), rows=np.full(len(old.pattern.rows), BASIC, np.int8))
    carried = carry_over(basis, old, new)
    assert carried is not None
    stranger = np.isin(new.pattern.cols, new.stamp.columns_of("charge_kw")[3])
    assert (carried.columns[stranger] == AT_LOWER).all()


def test_another_structure_carries_nothing_over() -> None:
    old, new = footing(fleet(2, 12))[0], footing(fleet(2, 13))[0]
    basis = Basis(columns=np.zeros(len(old.pattern.cols), np.int8), rows=np.zeros(len(old.pattern.rows), np.int8))
    assert carry_over(basis, old, new) is None


def test_rolling_on_finds_the_same_optima_with_fewer_iterations(monkeypatch: pytest.MonkeyPatch) -> None:
    begin = fleet(20, 48)
    rolled = [later(begin, k, list(range(k, 20))) for k in range(6)]

    def iterations() -> tuple[list[float], int]:
        planner, total, costs = ExactPlanner(prefer=False), 0, []
        for problem in rolled:
            costs.append(sum(t.value for t in planner.solve_now(problem).terms if t.tier == "money"))
            total += planner._highs._highs.getInfo().simplex_iteration_count
        return costs, total

    warm_costs, warm = iterations()
    monkeypatch.setattr(exact, "carry_over", lambda *_: None)
    cold_costs, cold = iterations()
    assert warm_costs == pytest.approx(cold_costs, rel=1e-6)
    assert warm < cold / 2
