"""The exact planner: the Pyomo model's template filled with a problem, solved by a persistent HiGHS, read back and replayed."""

from dataclasses import dataclass

import numpy as np

from optimizer.compiled.reduce import Reduced, make_pattern, reduce
from optimizer.compiled.stamp import Program, Stamp
from optimizer.compiled.template import compile_template
from optimizer.data import ModelData, model_data
from optimizer.deadline import Deadline, Stopwatch
from optimizer.highs import Answer, Highs
from optimizer.integers import Pairs, decide, losers, overlapping
from optimizer.readback import Readback, make_solution
from optimizer.tiers import Objective, Optimum, make_objective, optimise
from optimizer.verify import verify
from optimizer.warm import Footing, carry_over
from v2g.problem import Problem
from v2g.solution import Rung, Solution

MAX_INTEGER_ROUNDS = 5


class ExactPlanner:
    """Plans in this process; fills `v2g.ports.Planner`. Not for an event loop that must not wait: see `optimizer.process`.

    Parameters
    ----------
    time_limit_s : float
        For the whole solve [s]; an incumbent found by then is taken.
    prefer : bool
        Whether the plan keeps to its predecessor and ties are broken (tier PREFERENCE).

    Keeps the last program and its basis: a problem like the last one solves in a fraction of the time.
    """

    def __init__(self, *, time_limit_s: float = 30.0, prefer: bool = True) -> None:
        self.time_limit_s, self.prefer = time_limit_s, prefer
        self._highs = Highs()
        self._stamp: Stamp | None = None
        self._footing: Footing | None = None

    async def solve(self, problem: Problem) -> Solution:
        """Return the optimum of `problem`, or an incumbent; raises `PlanningError` where there is none in time."""
        return self.solve_now(problem)

    def solve_now(self, problem: Problem) -> Solution:
        """Do what `solve` does, without an event loop."""
        watch, deadline = Stopwatch(), Deadline(self.time_limit_s)
        data = model_data(problem)
        program = self._stamp_for(data, problem.shape[0]).program(data.symbols)
        watch.lap("state")
        reduced = self._load(problem, program)
        objective = make_objective(problem, {name: cost[reduced.pattern.cols] for name, cost in program.costs.items()})
        watch.lap("patch")
        back = Readback(problem=problem, program=program, reduced=reduced)
        optimum = optimise(self._highs, objective, deadline=deadline, prefer=self.prefer)
        watch.lap("solve")
        found = _found(back, optimum, objective.money_scale)
        if optimum.priced.optimal and not back.is_true(optimum.priced, back.terms(back.flows(optimum.priced))):
            found = _decide_and_solve(self._highs, back, objective, optimum, deadline)
            watch.lap("integers")
        flows = back.flows(found.answer)
        solution = make_solution(
            flows,
            back.terms(flows),
            rung=found.rung,
            reason=found.reason,
            gap_frac=found.gap_frac,
            limit_price_per_kw=back.limit_price_per_kw(optimum.priced, objective.money_scale),
            times_s=watch.times_s,
        )
        watch.lap("extract")
        verify(problem, solution)
        watch.lap("verify")
        return solution

    def _stamp_for(self, data: ModelData, n_units: int) -> Stamp:
        template = compile_template(data.structure)
        if self._stamp is None or self._stamp.template is not template or self._stamp.n_units != n_units:
            self._stamp = Stamp(template, n_units)
        return self._stamp

    def _load(self, problem: Problem, program: Program) -> Reduced:
        """Give HiGHS the program, and the last basis in its terms if the matrix is another one."""
        old, basis = self._footing, None
        if old is not None and old.pattern.fits(program):
            pattern = old.pattern
        else:
            pattern = make_pattern(program)
            if old is not None:
                basis = carry_over(self._highs.basis(), old, Footing(problem=problem, stamp=program.stamp, pattern=pattern))
        self._footing = Footing(problem=problem, stamp=program.stamp, pattern=pattern)
        reduced = reduce(program, pattern)
        self._highs.load(reduced)
        if basis is not None:
            self._highs.set_basis(basis)
        return reduced


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Found:
    """An answer and what it is worth on the ladder."""

    answer: Answer
    rung: Rung
    reason: str = ""
    gap_frac: float | None = None


def _found(back: Readback, optimum: Optimum, money_scale: float) -> _Found:
    """Return the relaxation's answer; the one before PREFERENCE if that led to something that does not hold."""
    if not optimum.priced.optimal:
        return _Found(answer=optimum.answer, rung=Rung.INCUMBENT, reason="the time limit came before the proof of optimality")
    flows = back.flows(optimum.answer)
    answer = optimum.answer if back.is_true(optimum.answer, back.terms(flows)) else optimum.priced
    return _Found(answer=answer, rung=Rung.OPTIMAL, gap_frac=back.gap_frac(optimum.priced, flows, money_scale))


def _decide_and_solve(highs: Highs, back: Readback, objective: Objective, relaxed: Optimum, deadline: Deadline) -> _Found:
    """Make exclusive the pairs that the relaxation uses at once and solve again, until no pair is left."""
    pairs, answer = back.either_or(), relaxed.priced
    chosen: Pairs = np.empty((0, 2), dtype=np.int64)
    found = _Found(answer=answer, rung=Rung.ROUNDED)
    for _ in range(MAX_INTEGER_ROUNDS):
        chosen = np.unique(np.vstack([chosen, overlapping(pairs, answer.values)]), axis=0)
        decision = decide(back.reduced, objective, relaxed.priced, chosen, deadline)
        highs.unlock()
        highs.close(losers(chosen, relaxed.priced.values) if decision is None else decision.closed)
        optimum = optimise(highs, objective, deadline=deadline, prefer=False)
        answer = optimum.priced
        if decision is None:
            reason = "no either–or decision within the time limit: the relaxed plan, rounded"
            found = _Found(answer=answer, rung=Rung.ROUNDED, reason=reason)
        elif optimum.priced.optimal and decision.proven:
            found = _Found(answer=answer, rung=Rung.OPTIMAL, gap_frac=decision.gap_frac)
        else:
            found = _Found(
                answer=answer, rung=Rung.INCUMBENT, reason="the time limit came before the proof", gap_frac=decision.gap_frac
            )
        if back.is_true(answer, back.terms(back.flows(answer))):
            break
    return found
