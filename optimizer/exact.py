"""The exact planner: the Pyomo model's template filled with a problem, solved by a persistent HiGHS, read back and replayed."""

from optimizer.compiled.reduce import Reduced, make_pattern, reduce
from optimizer.compiled.stamp import Program, Stamp
from optimizer.compiled.template import compile_template
from optimizer.data import ModelData, model_data
from optimizer.deadline import Deadline, Stopwatch
from optimizer.flows import make_solution
from optimizer.highs import Highs
from optimizer.integers.lazily import Found, Lazily
from optimizer.integers.mip import MOST_S
from optimizer.readback import Readback
from optimizer.recall import Place, Recall
from optimizer.tiers import Objective, Optimum, make_objective, optimise
from optimizer.verify import verify
from optimizer.warm import Footing, carry_over
from v2g.problem import Problem
from v2g.solution import Rung, Solution


class ExactPlanner:
    """Plans in this process; fills `v2g.ports.Planner`. Not for an event loop that must not wait: see `optimizer.process`.

    Parameters
    ----------
    time_limit_s : float
        For the whole solve [s]; an incumbent found by then is taken.
    prefer : bool
        Whether the plan keeps to its predecessor and ties are broken (tier PREFERENCE).
    decide_s : float
        For a mixed-integer program within it [s].
    recalls : int
        So many of the last problems are answered at once when they are asked again.

    Keeps the last program and its basis: a problem like the last one solves in a fraction of the time.
    """

    def __init__(self, *, time_limit_s: float = 30.0, prefer: bool = True, decide_s: float = MOST_S, recalls: int = 0) -> None:
        self.time_limit_s, self.prefer, self.decide_s = time_limit_s, prefer, decide_s
        self._highs = Highs()
        self._stamp: Stamp | None = None
        self._footing: Footing | None = None
        self._recall = Recall(recalls) if recalls else None

    async def solve(self, problem: Problem) -> Solution:
        """Return the optimum of `problem`, or an incumbent; raises `PlanningError` where there is none in time."""
        return self.solve_now(problem)

    def solve_now(self, problem: Problem) -> Solution:
        """Do what `solve` does, without an event loop."""
        known = self._recall.find(problem) if self._recall else None
        if known is not None:
            return self._again(*known)
        watch, deadline = Stopwatch(), Deadline(self.time_limit_s)
        data = model_data(problem)
        program = self._stamp_for(data, problem.shape[0]).program(data.symbols)
        watch.lap("state")
        reduced = self._load(problem, program)
        objective = make_objective(problem, {name: cost[reduced.pattern.cols] for name, cost in program.costs.items()})
        watch.lap("patch")
        back = Readback(problem=problem, program=program, reduced=reduced)
        optimum = optimise(self._highs, objective, deadline=deadline, prefer=self.prefer)
        place = self._place(reduced, objective) if self._recall else None
        watch.lap("solve")
        lazily = Lazily(self._highs, back, objective, optimum, deadline=deadline, prefer=self.prefer, decide_s=self.decide_s)
        if lazily.needed():
            found = lazily.found()
            watch.lap("integers")
        else:
            found = _found(back, optimum, objective.money_scale)
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
        if self._recall and place:
            self._recall.keep(problem, place, solution)
        return solution

    def _again(self, place: Place, solution: Solution) -> Solution:
        """Go back to where a problem ended, and return its answer."""
        self._footing = place.footing
        place.resume(self._highs, time_limit_s=self.time_limit_s)
        return solution

    def _place(self, reduced: Reduced, objective: Objective) -> Place | None:
        if self._footing is None:
            return None
        cost = objective.weighted + objective.moving * self.prefer
        return Place(footing=self._footing, reduced=reduced, cost=cost, bookmark=self._highs.bookmark())

    def _stamp_for(self, data: ModelData, n_units: int) -> Stamp:
        template = compile_template(data.structure)
        if self._stamp is None or self._stamp.template is not template or self._stamp.n_units != n_units:
            self._stamp = Stamp(template, n_units)
        return self._stamp

    def _load(self, problem: Problem, program: Program) -> Reduced:
        """Give HiGHS the program, and the last basis in its terms if the matrix is another one."""
        old, basis = self._footing, None
        pattern = (None if old is None else old.pattern.fitted(program)) or make_pattern(program)
        new = self._footing = Footing(problem=problem, stamp=program.stamp, pattern=pattern)
        if old is not None and pattern is not old.pattern and not new.stands_on(old):
            basis = carry_over(self._highs.basis(), old, new)
        reduced = reduce(program, pattern)
        self._highs.load(reduced)
        if basis is not None:
            self._highs.set_basis(basis)
        return reduced


def _found(back: Readback, optimum: Optimum, money_scale: float) -> Found:
    """Return the relaxation's answer, which breaks nothing."""
    flows = back.flows(optimum.answer.values)
    if not optimum.priced.optimal:
        return Found(flows=flows, rung=Rung.INCUMBENT, reason="the time limit came before the proof of optimality")
    kept = back.kept_for(optimum.priced, flows, money_scale)
    return Found(flows=flows, rung=Rung.OPTIMAL, gap_frac=kept / back.in_play(flows))
