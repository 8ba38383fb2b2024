"""A persistent HiGHS: one linear program at a time, patched where the next has the same matrix, solved again from its basis."""

from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray

from optimizer.compiled.reduce import Pattern, Reduced
from v2g.errors import PlanningError
from v2g.timegrid import Array

LOCK_TOLERANCE = 1e-6
"""Reduced costs below this count as ties; ten times HiGHS's own dual tolerance."""

PRIMAL, DUAL = 4, 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answer:
    """Values and reduced costs of the columns, duals of the rows. `optimal` is False for an incumbent at the time limit."""

    values: Array
    column_dual: Array
    row_dual: Array
    optimal: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Basis:
    """Simplex status of each column and row, as HiGHS numbers them."""

    columns: NDArray[np.int8]
    rows: NDArray[np.int8]


BASIC = int(highspy.HighsBasisStatus.kBasic)
AT_LOWER = int(highspy.HighsBasisStatus.kLower)
_STATUS = [highspy.HighsBasisStatus(i) for i in range(5)]


class Highs:
    """One HiGHS instance. Not thread-safe; nothing of a model survives `load`, but its basis may (see `set_basis`)."""

    def __init__(self) -> None:
        self._highs = new_highs()
        self._pattern: Pattern | None = None

    def load(self, program: Reduced) -> None:
        """Take a program. If its matrix is the last one's, only its bounds are patched and the last basis stands."""
        self._program = program
        n, m = len(program.col_lower), len(program.row_lower)
        self._all_cols, self._all_rows = np.arange(n, dtype=np.int32), np.arange(m, dtype=np.int32)
        if program.pattern is not self._pattern:
            pass_program(self._highs, program, np.zeros(n))
            self._pattern = program.pattern
        self.unlock()

    def minimise(self, cost: Array, *, time_limit_s: float, strategy: int = DUAL) -> Answer:
        """Minimise `cost` from the present basis. Raises `PlanningError` where HiGHS finds no feasible point in time."""
        if not len(self._all_cols):
            return Answer(values=np.empty(0), column_dual=np.empty(0), row_dual=np.zeros(len(self._all_rows)), optimal=True)
        self._highs.changeColsCost(len(cost), self._all_cols, cost)
        self._highs.setOptionValue("simplex_strategy", strategy)
        status = run(self._highs, time_limit_s)
        if status not in (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kTimeLimit):
            self._highs.clearSolver()
            status = run(self._highs, time_limit_s)
        if not feasible(self._highs):
            raise PlanningError(f"HiGHS found no plan: {self._highs.modelStatusToString(status)}")
        solution = self._highs.getSolution()
        return Answer(
            values=np.array(solution.col_value),
            column_dual=np.array(solution.col_dual),
            row_dual=np.array(solution.row_dual),
            optimal=status == highspy.HighsModelStatus.kOptimal,
        )

    def lock(self, answer: Answer) -> None:
        """Keep to the optimal face of the last answer: what has a price stays at its bound, so only ties can still change.

        Complementary slackness: a point is optimal just if each column (row) with a nonzero reduced cost (dual) keeps its bound.
        """
        lower, upper = self._column_bounds
        self._set_column_bounds(*_meet(lower, upper, answer.column_dual))
        row_lower, row_upper = self._row_bounds
        self._set_row_bounds(*_meet(row_lower, row_upper, answer.row_dual))

    def confine(self, columns: NDArray[np.int64], lower: Array, upper: Array) -> None:
        """Tighten the bounds of columns until `unlock`; where they cross, the upper one counts."""
        low, high = (bound.copy() for bound in self._column_bounds)
        high[columns] = np.minimum(high[columns], upper)
        low[columns] = np.minimum(np.maximum(low[columns], lower), high[columns])
        self._set_column_bounds(low, high)

    def unlock(self) -> None:
        """Give all columns and rows the loaded program's bounds."""
        self._set_column_bounds(self._program.col_lower, self._program.col_upper)
        self._set_row_bounds(self._program.row_lower, self._program.row_upper)

    def basis(self) -> Basis:
        """Return the present basis."""
        basis = self._highs.getBasis()
        return Basis(
            columns=np.array([int(s) for s in basis.col_status], np.int8),
            rows=np.array([int(s) for s in basis.row_status], np.int8),
        )

    def set_basis(self, basis: Basis) -> None:
        """Start the next solution from `basis`; HiGHS completes one that is singular or too small."""
        start = highspy.HighsBasis()
        start.col_status, start.row_status = [_STATUS[i] for i in basis.columns.tolist()], [_STATUS[i] for i in basis.rows.tolist()]
        start.valid, start.alien = True, True
        self._highs.setBasis(start)

    def _set_column_bounds(self, lower: Array, upper: Array) -> None:
        self._column_bounds = lower, upper
        self._highs.changeColsBounds(len(lower), self._all_cols, lower, upper)

    def _set_row_bounds(self, lower: Array, upper: Array) -> None:
        self._row_bounds = lower, upper
        self._highs.changeRowsBounds(len(lower), self._all_rows, lower, upper)


def new_highs() -> Any:
    """Return a silent HiGHS on one thread: the machine has other work, and one simplex uses no more.

    Untyped, for highspy's own stubs leave out much of it.
    """
    make: Any = highspy.Highs
    highs = make()
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("threads", 1)
    return highs


def pass_program(highs: Any, program: Reduced, cost: Array) -> None:
    """Hand a program over as arrays."""
    matrix = program.pattern.matrix
    n_rows, n_cols = matrix.shape
    highs.passModel(
        n_cols,
        n_rows,
        matrix.nnz,
        int(highspy.MatrixFormat.kColwise),
        int(highspy.ObjSense.kMinimize),
        0.0,
        cost,
        program.col_lower,
        program.col_upper,
        program.row_lower,
        program.row_upper,
        matrix.indptr.astype(np.int32),
        matrix.indices.astype(np.int32),
        matrix.data,
        np.zeros(n_cols, dtype=np.int32),
    )


def run(highs: Any, time_limit_s: float) -> highspy.HighsModelStatus:
    """Solve for at most `time_limit_s` [s]; HiGHS's clock runs on from solve to solve, so its limit moves."""
    highs.setOptionValue("time_limit", highs.getRunTime() + time_limit_s)
    highs.run()
    status: highspy.HighsModelStatus = highs.getModelStatus()
    return status


def feasible(highs: Any) -> bool:
    """Return whether the last run left a feasible point."""
    return bool(highs.getInfo().primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible)


def _meet(lower: Array, upper: Array, dual: Array) -> tuple[Array, Array]:
    """Return bounds that meet where the dual is nonzero: at the lower one where it is positive, at the upper one where negative."""
    at_lower = (dual > LOCK_TOLERANCE) & np.isfinite(lower)
    at_upper = (dual < -LOCK_TOLERANCE) & np.isfinite(upper)
    return np.where(at_upper, upper, lower), np.where(at_lower, lower, upper)
