"""What the benchmarks of speed share: the matrices of a problem, HiGHS alone on them, and a station that rolls on."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from optimizer.compiled.reduce import Reduced, make_pattern, reduce
from optimizer.compiled.stamp import Stamp
from optimizer.compiled.template import compile_template
from optimizer.data import model_data
from optimizer.exact import ExactPlanner
from optimizer.highs import Highs, native_basis, new_highs, pass_program
from optimizer.tiers import make_objective
from optimizer.warm import Footing, carry_over
from tests.optimizer.instances import START, fleet
from v2g.problem import Problem
from v2g.storages import Storages
from v2g.timegrid import Array, TimeGrid

STEP_H, TICK_H = 0.25, 1 / 12
NOISE = 0.02


def timed_s(run: Callable[[], object]) -> float:
    """Return how long a call takes [s]."""
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Matrices:
    """A problem's linear program, as the planner hands it to HiGHS first, and where it comes from."""

    reduced: Reduced
    cost: Array
    footing: Footing


def matrices(problem: Problem) -> Matrices:
    """Return the very arrays that the planner solves for a problem: all tiers weighted, and the price of leaving the last plan."""
    data = model_data(problem)
    program = Stamp(compile_template(data.structure), problem.shape[0]).program(data.symbols)
    pattern = make_pattern(program)
    reduced, footing = reduce(program, pattern), Footing(problem=problem, stamp=program.stamp, pattern=pattern)
    objective = make_objective(problem, {name: cost[reduced.pattern.cols] for name, cost in program.costs.items()})
    return Matrices(reduced=reduced, cost=objective.weighted + objective.moving, footing=footing)


def bare_s(problem: Problem) -> float:
    """Return how long HiGHS alone takes on the problem's matrices: a new instance, its run only [s]."""
    arrays, highs = matrices(problem), new_highs()
    pass_program(highs, arrays.reduced, arrays.cost)
    return timed_s(highs.run)


def bare_warm_s(problem: Problem, next_problem: Problem) -> float:
    """Return how long HiGHS alone takes on the matrices of `next_problem` from the optimal basis of `problem`: its run only [s].

    Where the matrix has changed its shape the basis is carried over by unit and instant, as the planner does.
    """
    before, after, solver = matrices(problem), matrices(next_problem), Highs()
    solver.load(before.reduced)
    solver.minimise(before.cost, time_limit_s=np.inf)
    carried = carry_over(solver.basis(), before.footing, after.footing)
    highs = new_highs()
    pass_program(highs, after.reduced, after.cost)
    if carried is not None:
        highs.setBasis(native_basis(carried))
    return timed_s(highs.run)


def rolling(planner: ExactPlanner, n: int, n_steps: int, ticks: int) -> Iterator[tuple[Problem, float]]:
    """Yield `ticks` problems of `n` cars, a tick apart, and the seconds that `planner` took for each.

    Every tick the clock is 5 min on and the first step shorter by that, the cars hold what the last plan gave them, that plan is to
    be kept to, and the forecasts of load and prices are 2 % different.
    """
    r = np.random.default_rng(0)
    day = fleet(n, n_steps + int(ticks * TICK_H / STEP_H) + 1)
    problem = _window(day, 0.0, n_steps)
    for tick in range(ticks):
        noisy = _with_noise(problem, r)
        began = time.perf_counter()
        solution = planner.solve_now(noisy)
        yield noisy, time.perf_counter() - began
        s = problem.storages
        gain = s.charge_efficiency * solution.charge_kw[:, 0] - solution.discharge_kw[:, 0] / s.discharge_efficiency
        later = _window(day, (tick + 1) * TICK_H, n_steps)
        shifted = int((tick + 1) * TICK_H / STEP_H + 1e-9) - int(tick * TICK_H / STEP_H + 1e-9)
        kept = solution.power_kw[:, np.minimum(np.arange(n_steps) + shifted, n_steps - 1)]
        storages = replace(later.storages, initial_energy_kwh=s.initial_energy_kwh + TICK_H * gain, previous_power_kw=kept)
        problem = replace(later, storages=storages)


def _window(day: Problem, now_h: float, n_steps: int) -> Problem:
    """Return what a day holds from an hour on, in `n_steps` steps of which the first ends with its quarter."""
    first = int(now_h / STEP_H + 1e-9)
    seen = slice(first, first + n_steps)
    step_h = np.full(n_steps, STEP_H)
    step_h[0] -= now_h - first * STEP_H
    s, c, money = day.storages, day.circuits, day.connection
    cut = {name: v[:, seen] for name in Storages.__slots__ if getattr(v := getattr(s, name), "shape", ())[1:] == day.shape[1:]}
    target_step = np.clip(s.target_step - first, 1, n_steps)
    return Problem(
        grid=TimeGrid(start=START + timedelta(hours=now_h), step_h=step_h),
        storages=replace(s, **cut, target_step=target_step),
        circuits=replace(
            c, **{name: getattr(c, name)[:, seen] for name in ("import_limit_kw", "export_limit_kw", "fixed_kw", "fixed_margin_kw")}
        ),
        connection=replace(
            money, import_price_per_kwh=money.import_price_per_kwh[seen], export_price_per_kwh=money.export_price_per_kwh[seen]
        ),
    )


def _with_noise(problem: Problem, r: np.random.Generator) -> Problem:
    n_steps = problem.grid.n_steps
    load, price = 1 + NOISE * r.normal(size=(2, n_steps))
    return replace(
        problem,
        circuits=replace(problem.circuits, fixed_kw=problem.circuits.fixed_kw * load),
        connection=replace(problem.connection, import_price_per_kwh=problem.connection.import_price_per_kwh * price),
    )
