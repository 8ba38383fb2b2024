"""The planner for problems with scenarios: one linear program over all courses, in which the first step is the same.

What is done now must do for whatever comes; what is done later may depend on it. The answer is the expected course's plan from the
common first step on: its program is solved once more with that step held, and its choices (least powers, exclusive directions, …)
are made in it alone. In the program of all courses they took seconds, and the other courses' later steps are never sent.
"""

from dataclasses import replace

import numpy as np

from optimizer.compiled.reduce import Reduced, make_pattern, reduce
from optimizer.compiled.stamp import Stamp
from optimizer.compiled.template import compile_template
from optimizer.data import model_data
from optimizer.deadline import Deadline, Stopwatch
from optimizer.evaluate import evaluate
from optimizer.exact import ExactPlanner
from optimizer.flows import Flows, make_solution
from optimizer.highs import AT_LOWER, Answer, Basis, Highs
from optimizer.integers.lazily import Found, Lazily
from optimizer.joint import Course, Joint, join
from optimizer.prices import mean_prices
from optimizer.readback import Readback
from optimizer.tiers import Objective, make_objective, optimise
from optimizer.verify import verify
from optimizer.warm import Footing, carry_over
from v2g.problem import Problem
from v2g.solution import Rung, ShadowPrices, Solution

HELD_KW = 1e-6


class ScenarioPlanner:
    """Plans in this process; fills `v2g.ports.Planner`. A problem without scenarios goes straight to `exact`.

    Keeps the last programs and their basis, as `exact` does, and takes its time limit and preference.
    """

    def __init__(self, exact: ExactPlanner) -> None:
        self._exact, self._joint_highs, self._highs = exact, Highs(), Highs()
        self._tracks: list[_Track] = []
        self._joint: Joint | None = None

    async def solve(self, problem: Problem) -> Solution:
        """Return a plan of `problem` whose first step does for all its courses; raises `PlanningError` where there is none."""
        return self.solve_now(problem)

    def solve_now(self, problem: Problem) -> Solution:
        """Do what `solve` does, without an event loop."""
        if not problem.scenarios:
            return self._exact.solve_now(problem)
        watch, deadline, prefer = Stopwatch(), Deadline(self._exact.time_limit_s), self._exact.prefer
        joint = self._load(problem)
        watch.lap("state")
        objective = make_objective(joint.courses[0].problem, joint.term_costs(), joint.weighted_problems())
        watch.lap("patch")
        optimum = optimise(self._joint_highs, objective, deadline=deadline, prefer=prefer)
        watch.lap("solve")
        expected = joint.courses[0]
        common = _alone(expected).flows(joint.split(optimum.answer)[0].values)
        found = self._decided(expected, _held(expected, common), deadline)
        watch.lap("integers")
        solution = make_solution(
            found.flows,
            evaluate(expected.problem, found.flows),
            rung=found.rung if optimum.priced.optimal else Rung.INCUMBENT,
            reason=found.reason if optimum.priced.optimal else "the time limit came before the proof of optimality",
            gap_frac=found.gap_frac if optimum.priced.optimal else None,
            prices=_mean_prices(joint, optimum.priced, objective),
            times_s=watch.times_s,
        )
        watch.lap("extract")
        verify(problem, solution)
        watch.lap("verify")
        return solution

    def _decided(self, course: Course, held: Reduced, deadline: Deadline) -> Found:
        """Return what the expected course does from the common first step on, its choices made."""
        back = Readback(problem=course.problem, program=course.program, reduced=held)
        costs = {name: cost[held.pattern.cols] for name, cost in course.program.costs.items()}
        objective = make_objective(course.problem, costs)
        self._highs.load(held)
        optimum = optimise(self._highs, objective, deadline=deadline, prefer=self._exact.prefer)
        lazily = Lazily(self._highs, back, objective, optimum, deadline=deadline, prefer=self._exact.prefer)
        if lazily.needed():
            return lazily.found()
        flows = back.flows(optimum.answer.values)
        if not optimum.priced.optimal:
            return Found(flows=flows, rung=Rung.INCUMBENT, reason="the time limit came before the proof of optimality")
        kept = back.kept_for(optimum.priced, flows, objective.money_scale)
        return Found(flows=flows, rung=Rung.OPTIMAL, gap_frac=kept / back.in_play(flows))

    def _load(self, problem: Problem) -> Joint:
        """Give HiGHS the joint program, and the last basis in its terms if the matrix is another one."""
        courses = problem.courses()
        if len(self._tracks) != len(courses):
            self._tracks, self._joint = [_Track() for _ in courses], None
        old, before = self._joint, [track.footing for track in self._tracks]
        each = [track.course(p, course) for track, (p, course) in zip(self._tracks, courses, strict=True)]
        joint = self._joint = join(each, old)
        basis = None
        if old is not None and joint.reduced.pattern is not old.reduced.pattern:
            basis = _carried(self._joint_highs.basis(), old, before, joint, [track.footing for track in self._tracks])
        self._joint_highs.load(joint.reduced)
        if basis is not None:
            self._joint_highs.set_basis(basis)
        return joint


def joint_of(problem: Problem) -> Joint:
    """Return the joint program of a problem's courses, made afresh."""
    return join([_Track().course(probability, course) for probability, course in problem.courses()], None)


class _Track:
    """What is kept of one course from solve to solve."""

    def __init__(self) -> None:
        self._stamp: Stamp | None = None
        self.footing: Footing | None = None

    def course(self, probability: float, problem: Problem) -> Course:
        """Return the course's program, on the last pattern if that fits."""
        data = model_data(problem)
        template = compile_template(data.structure)
        if self._stamp is None or self._stamp.template is not template or self._stamp.n_units != problem.shape[0]:
            self._stamp = Stamp(template, problem.shape[0])
        program = self._stamp.program(data.symbols)
        old = self.footing
        pattern = (None if old is None else old.pattern.fitted(program)) or make_pattern(program)
        self.footing = Footing(problem=problem, stamp=program.stamp, pattern=pattern)
        return Course(probability=probability, problem=problem, program=program, reduced=reduce(program, pattern))


def _carried(
    basis: Basis, old: Joint, old_footings: list[Footing | None], new: Joint, new_footings: list[Footing | None]
) -> Basis | None:
    """Return the basis of one joint program in terms of another, None where a course's structure differs."""
    parts = []
    for (columns, rows), was, now in zip(old.spans(), old_footings, new_footings, strict=True):
        if was is None or now is None:
            return None
        part = carry_over(Basis(columns=basis.columns[columns], rows=basis.rows[rows]), was, now)
        if part is None:
            return None
        parts.append(part)
    links = np.full(new.n_links, AT_LOWER, np.int8)
    return Basis(
        columns=np.concatenate([p.columns for p in parts]),
        rows=np.concatenate([*(p.rows for p in parts), links]),
    )


def _held(course: Course, flows: Flows) -> Reduced:
    """Return the course's program with the first step's powers held to those of `flows`, as near as hardware can come to them.

    A power that is less than a storage can hold may become none or the least; one between two power steps either of them.
    """
    s, back = course.problem.storages, _alone(course)
    step_kw = np.zeros(s.n_units) if s.converters is None else s.converters.power_step_kw
    lower, upper = course.reduced.col_lower.copy(), course.reduced.col_upper.copy()
    for name, power_kw, least_kw in (
        ("charge_kw", flows.charge_kw[:, 0], s.charge_min_kw),
        ("discharge_kw", flows.discharge_kw[:, 0], s.discharge_min_kw),
    ):
        columns = back.places(name)[:, 0]
        free = columns >= 0
        small = (power_kw > 0) & (power_kw < least_kw)
        low, high = np.where(small, 0.0, power_kw - step_kw), np.where(small, least_kw, power_kw + step_kw)
        at = columns[free]
        upper[at] = np.minimum(upper[at], high[free] + HELD_KW)
        lower[at] = np.clip(low[free] - HELD_KW, lower[at], upper[at])
    return replace(course.reduced, col_lower=lower, col_upper=upper)


def _alone(course: Course) -> Readback:
    return Readback(problem=course.problem, program=course.program, reduced=course.reduced)


def _mean_prices(joint: Joint, priced: Answer, objective: Objective) -> ShadowPrices:
    """Return the mean of the courses' shadow prices; their duals are weighted by their probabilities."""
    parts = []
    for course, part in zip(joint.courses, joint.split(priced), strict=True):
        scaled = replace(objective, money_scale=objective.money_scale / course.probability)
        parts.append((course.probability, _alone(course).prices(part, scaled)))
    return mean_prices(parts)
