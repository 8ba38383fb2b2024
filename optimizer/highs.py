"""A persistent HiGHS: one linear program at a time, patched where the next has the same matrix, solved again from its basis."""

from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array

from optimizer.compiled.reduce import Reduced
from v2g.errors import PlanningError
from v2g.timegrid import Array

LOCK_TOLERANCE = 1e-6
"""Reduced costs below this count as ties; ten times HiGHS's own dual tolerance."""

TIE_TOLERANCE = 1e-7
"""HiGHS's own dual tolerance: reduced costs below it count as optimal."""

PRIMAL, DUAL = 4, 1
CHOOSE, DEVEX = -1, 1
DEVEX_ROWS = 10_000
"""Up to so many rows a warm start prices by Devex: steepest edge's weights, one linear system a row, cost more than its few
iterations save. Measured, 96 steps: 50 cars (7,600 rows) 14 ms instead of 17, 200 cars (29,000) 150 instead of 120."""


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
AT_LOWER, AT_UPPER = int(highspy.HighsBasisStatus.kLower), int(highspy.HighsBasisStatus.kUpper)
AT_EITHER = int(highspy.HighsBasisStatus.kNonbasic)
_STATUS = np.array([highspy.HighsBasisStatus(i) for i in range(5)], dtype=object)


class Highs:
    """One HiGHS instance. Not thread-safe; nothing of a model survives `load`, but its basis may (see `set_basis`).

    Only what changes is handed over: measured at 200 cars and 96 steps, all bounds cost 7 ms, those that change 0.5 ms.
    """

    def __init__(self) -> None:
        self._highs = new_highs()
        self._program: Reduced | None = None
        self._unlocked: tuple[Any, Basis] | None = None

    def load(self, program: Reduced) -> None:
        """Take a program. If its matrix has the places of the last one's, it is patched and the last basis stands."""
        if self._program is not None and program.pattern.has_places_of(self._program.pattern):
            self._set_coefficients(self._program.pattern.matrix, program.pattern.matrix)
        else:
            self._cost = np.zeros(len(program.col_lower))
            pass_program(self._highs, program, self._cost)
            self._column_bounds, self._row_bounds = (program.col_lower, program.col_upper), (program.row_lower, program.row_upper)
            self._last = Answer(
                values=program.col_lower, column_dual=self._cost, row_dual=np.zeros(len(program.row_lower)), optimal=False
            )
            self._unlocked = None
        self._program = program
        self.unlock()

    def minimise(self, cost: Array, *, time_limit_s: float, strategy: int = DUAL) -> Answer:
        """Minimise `cost` from the present basis. Raises `PlanningError` where HiGHS finds no feasible point in time."""
        if not len(cost):
            none = np.empty(0)
            self._last = Answer(values=none, column_dual=none, row_dual=np.zeros(len(self._row_bounds[0])), optimal=True)
            return self._last
        self._set_cost(cost)
        self._highs.setOptionValue("simplex_strategy", strategy)
        few = len(self._row_bounds[0]) <= DEVEX_ROWS and self._highs.getBasis().valid
        self._highs.setOptionValue("simplex_dual_edge_weight_strategy", DEVEX if few else CHOOSE)
        status = run(self._highs, time_limit_s)
        if status not in (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kTimeLimit):
            self._highs.clearSolver()
            status = run(self._highs, time_limit_s)
        if not feasible(self._highs):
            raise PlanningError(f"HiGHS found no plan: {self._highs.modelStatusToString(status)}")
        solution = self._highs.getSolution()
        self._last = Answer(
            values=np.array(solution.col_value),
            column_dual=np.array(solution.col_dual),
            row_dual=np.array(solution.row_dual),
            optimal=status == highspy.HighsModelStatus.kOptimal,
        )
        return self._last

    def is_least(self, cost: Array) -> bool:
        """Return whether nothing on the optimal face of the last answer costs less than it does; False where that is unclear.

        Reduced costs of `cost` at the last basis: a column or row without a price that may leave its bound must not lower it. It
        spares most ticks locking, solving and unlocking: 27 ms at 200 cars and 96 steps.
        """
        basis, last, matrix = self._present(), self._last, self._loaded.pattern.matrix
        (lower, upper), (row_lower, row_upper) = self._column_bounds, self._row_bounds
        tied = (basis.columns != BASIC) & (np.abs(last.column_dual) <= LOCK_TOLERANCE) & (lower < upper)
        tied_rows = (basis.rows != BASIC) & (np.abs(last.row_dual) <= LOCK_TOLERANCE) & (row_lower < row_upper)
        if not (tied.any() or tied_rows.any()):
            return True
        _, basic = self._highs.getBasicVariables()
        _, price = self._highs.getBasisTransposeSolve(np.where(basic >= 0, cost[np.maximum(basic, 0)], 0.0))
        reduced = (cost - matrix.T @ price)[tied]
        rises, falls = (last.values < upper)[tied], (last.values > lower)[tied]
        kept = ~(rises & (reduced < -TIE_TOLERANCE)) & ~(falls & (reduced > TIE_TOLERANCE))
        return bool(kept.all() and (np.abs(price[tied_rows]) <= TIE_TOLERANCE).all())

    def lock(self, answer: Answer) -> None:
        """Keep to the optimal face of the last answer: what has a price stays at its bound, so only ties can still change.

        Complementary slackness: a point is optimal just if each column (row) with a nonzero reduced cost (dual) keeps its bound.
        `unlock` returns to its basis: bounds that met leave HiGHS in doubt at which of them a column was.
        """
        self._unlocked = self._highs.getBasis(), self._present()
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
        program = self._loaded
        self._set_column_bounds(program.col_lower, program.col_upper)
        self._set_row_bounds(program.row_lower, program.row_upper)
        if self._unlocked is not None:
            self._highs.setBasis(self._unlocked[0])
            self._unlocked = None

    def basis(self) -> Basis:
        """Return the basis of the last answer, or of the one that was locked."""
        return self._present() if self._unlocked is None else self._unlocked[1]

    def bookmark(self) -> Any:
        """Return the same in HiGHS's own form, which knows at which of its bounds a column without a price was."""
        return self._highs.getBasis() if self._unlocked is None else self._unlocked[0]

    def return_to(self, bookmark: Any) -> None:
        """Start the next solution from a bookmark of the loaded program."""
        self._highs.setBasis(bookmark)

    def set_basis(self, basis: Basis) -> None:
        """Start the next solution from `basis`; HiGHS completes one that is singular or too small."""
        self._highs.setBasis(native_basis(basis))

    def _present(self) -> Basis:
        """Return the last answer's basis: what HiGHS lists as basic, the rest where its dual's sign says; without any, all rows.

        HiGHS's own statuses are objects, which take as long as the rest of a patch.
        """
        columns, rows = _bound_of(self._last.column_dual), _bound_of(self._last.row_dual)
        if not self._highs.getBasis().valid:
            return Basis(columns=np.full_like(columns, AT_LOWER), rows=np.full_like(rows, BASIC))
        _, basic = self._highs.getBasicVariables()
        columns[basic[basic >= 0]] = rows[-1 - basic[basic < 0]] = BASIC
        return Basis(columns=columns, rows=rows)

    @property
    def _loaded(self) -> Reduced:
        if self._program is None:
            raise RuntimeError("no program is loaded")
        return self._program

    def _set_coefficients(self, old: csc_array, new: csc_array) -> None:
        at = np.flatnonzero(old.data != new.data)
        columns = np.searchsorted(new.indptr, at, side="right") - 1
        for row, column, value in zip(new.indices[at].tolist(), columns.tolist(), new.data[at].tolist(), strict=True):
            self._highs.changeCoeff(row, column, value)

    def _set_cost(self, cost: Array) -> None:
        at = np.flatnonzero(cost != self._cost).astype(np.int32)
        self._highs.changeColsCost(len(at), at, cost[at])
        self._cost = cost

    def _set_column_bounds(self, lower: Array, upper: Array) -> None:
        at = _changed(self._column_bounds, (lower, upper))
        self._highs.changeColsBounds(len(at), at, lower[at], upper[at])
        self._column_bounds = lower, upper

    def _set_row_bounds(self, lower: Array, upper: Array) -> None:
        at = _changed(self._row_bounds, (lower, upper))
        self._highs.changeRowsBounds(len(at), at, lower[at], upper[at])
        self._row_bounds = lower, upper


class _Silent(highspy.Highs):
    """A HiGHS that says nothing: 1.16 tells its name once its callbacks are on, which is before anybody else can hush it."""

    def enableCallbacks(self) -> None:  # noqa: N802  # highspy's name
        self.setOptionValue("output_flag", False)
        enable: Any = super().enableCallbacks
        enable()


def new_highs() -> Any:
    """Return a silent HiGHS on one thread: the machine has other work, and one simplex uses no more.

    Untyped, for highspy's own stubs leave out much of it.
    """
    make: Any = _Silent
    highs = make()
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("threads", 1)
    return highs


def native_basis(basis: Basis) -> Any:
    """Return a basis as HiGHS takes it, to be completed where it is singular or too small."""
    start = highspy.HighsBasis()
    start.col_status, start.row_status = _STATUS[basis.columns].tolist(), _STATUS[basis.rows].tolist()
    start.valid, start.alien = True, True
    return start


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


def _bound_of(dual: Array) -> NDArray[np.int8]:
    return np.where(dual > 0, AT_LOWER, np.where(dual < 0, AT_UPPER, AT_EITHER)).astype(np.int8)


def _changed(old: tuple[Array, Array], new: tuple[Array, Array]) -> NDArray[np.int32]:
    return np.flatnonzero((old[0] != new[0]) | (old[1] != new[1])).astype(np.int32)


def _meet(lower: Array, upper: Array, dual: Array) -> tuple[Array, Array]:
    """Return bounds that meet where the dual is nonzero: at the lower one where it is positive, at the upper one where negative."""
    at_lower = (dual > LOCK_TOLERANCE) & np.isfinite(lower)
    at_upper = (dual < -LOCK_TOLERANCE) & np.isfinite(upper)
    return np.where(at_upper, upper, lower), np.where(at_lower, lower, upper)
