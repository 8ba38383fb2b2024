"""The planner for problems with scenarios: one linear program over all courses, in which the first step is the same.

What is done now must do for whatever comes; what is done later may depend on it. The answer is the expected course's plan, whose
first step is the common one. Its choices (least powers, exclusive directions, …) are decided as in the exact planner, with all
courses in the program; the others stay relaxed, for their later steps are never sent.
"""

from dataclasses import dataclass, replace

import numpy as np

from optimizer.compiled.reduce import make_pattern, reduce
from optimizer.compiled.stamp import Index, Stamp
from optimizer.compiled.template import compile_template
from optimizer.data import model_data
from optimizer.deadline import Deadline, Stopwatch
from optimizer.exact import ExactPlanner
from optimizer.flows import Flows
from optimizer.highs import AT_LOWER, Answer, Basis, Highs
from optimizer.integers.lazily import Found, Lazily
from optimizer.joint import Course, Joint, join
from optimizer.prices import mean_prices
from optimizer.readback import Readback, make_solution
from optimizer.tiers import Objective, make_objective, optimise
from optimizer.verify import verify
from optimizer.warm import Footing, carry_over
from v2g.problem import Problem
from v2g.solution import Rung, ShadowPrices, Solution
from v2g.timegrid import Array

CHOICE_LIMIT_S = 2.0
"""For choices over all courses [s]: most take 0.1 s, a few with 5 courses found the best at once and did not prove it in 15 s."""


class ScenarioPlanner:
    """Plans in this process; fills `v2g.ports.Planner`. A problem without scenarios goes straight to `exact`.

    Keeps the last programs and their basis, as `exact` does, and takes its time limit and preference.
    """

    def __init__(self, exact: ExactPlanner) -> None:
        self._exact, self._highs = exact, Highs()
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
        back = _ExpectedCourse.of(joint)
        watch.lap("patch")
        optimum = optimise(self._highs, objective, deadline=deadline, prefer=prefer)
        watch.lap("solve")
        choosing = Deadline(min(deadline.left_s, CHOICE_LIMIT_S))
        lazily = Lazily(self._highs, back, objective, optimum, deadline=choosing, prefer=prefer)
        if lazily.needed():
            found = lazily.found()
            watch.lap("integers")
        elif optimum.priced.optimal:
            flows = back.flows(optimum.answer.values)
            gap = back.kept_for(optimum.priced, flows, objective.money_scale) / back.in_play(flows)
            found = Found(flows=flows, rung=Rung.OPTIMAL, gap_frac=gap)
        else:
            reason = "the time limit came before the proof of optimality"
            found = Found(flows=back.flows(optimum.answer.values), rung=Rung.INCUMBENT, reason=reason)
        solution = make_solution(
            found.flows,
            back.terms(found.flows),
            rung=found.rung,
            reason=found.reason,
            gap_frac=found.gap_frac,
            prices=back.prices(optimum.priced, objective),
            times_s=watch.times_s,
        )
        watch.lap("extract")
        verify(problem, solution)
        watch.lap("verify")
        return solution

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
            basis = _carried(self._highs.basis(), old, before, joint, [track.footing for track in self._tracks])
        self._highs.load(joint.reduced)
        if basis is not None:
            self._highs.set_basis(basis)
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
        pattern = old.pattern if old is not None and old.pattern.fits(program) else make_pattern(program)
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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _ExpectedCourse(Readback):
    """The expected course read from the joint program's numbers, in which its own come first."""

    joint: Joint

    @classmethod
    def of(cls, joint: Joint) -> "_ExpectedCourse":
        """Return the readback of the joint program's first course."""
        first = joint.courses[0]
        return cls(problem=first.problem, program=first.program, reduced=joint.reduced, joint=joint)

    @property
    def _alone(self) -> Readback:
        first = self.joint.courses[0]
        return Readback(problem=first.problem, program=first.program, reduced=first.reduced)

    def flows(self, values: Array) -> Flows:
        """Return the course's flows."""
        return self._alone.flows(values[self.joint.spans()[0][0]])

    def is_true(self, values: Array) -> bool:
        """Return whether the course's flows are worth what the program promised."""
        return self._alone.is_true(values[self.joint.spans()[0][0]])

    def places(self, name: str) -> Index:
        """Return where the course's columns stand; as its own come first, they stand there in the joint program too."""
        return self._alone.places(name)

    def kept_for(self, priced: Answer, flows: Flows, money_scale: float) -> float:
        """Return what the course gives up; its duals are weighted by its probability, that is not."""
        first = self.joint.courses[0]
        return self._alone.kept_for(self.joint.split(priced)[0], flows, money_scale / first.probability)

    def prices(self, priced: Answer, objective: Objective) -> ShadowPrices:
        """Return the mean of the courses' shadow prices; their duals are weighted by their probabilities."""
        parts = []
        for course, part in zip(self.joint.courses, self.joint.split(priced), strict=True):
            back = Readback(problem=course.problem, program=course.program, reduced=course.reduced)
            scaled = replace(objective, money_scale=objective.money_scale / course.probability)
            parts.append((course.probability, back.prices(part, scaled)))
        return mean_prices(parts)
