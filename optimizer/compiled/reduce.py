"""Leave out what is decided: columns whose bounds meet, rows without bounds, and all that hangs on them alone.

A car that is away has fixed powers; a soft bound that is not needed has an infinite side: the solver should not see them.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array

from optimizer.compiled.stamp import Index, Program
from v2g.timegrid import Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Origin:
    """The program a pattern was made from: which columns are free, which rows bounded, and all coefficients.

    `live_at` and `fixed_at` tell which coefficients are the entries of the pattern's two matrices, in their order.
    """

    free: NDArray[np.bool_]
    bounded: NDArray[np.bool_]
    values: Array
    live_at: Index
    fixed_at: Index


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pattern:
    """Which columns and rows of a program remain, and their matrix; programs alike share one. Without `origin`: it fits none."""

    cols: Index
    rows: Index
    matrix: csc_array
    fixed_matrix: csc_array
    origin: Origin | None = None

    def fitted(self, program: Program) -> "Pattern | None":
        """Return the pattern with the program's coefficients, itself if they are the same, None if another part is decided."""
        o = self.origin
        if o is None or not (np.array_equal(o.free, _free(program)) and np.array_equal(o.bounded, _bounded(program))):
            return None
        if o.values is program.values:
            return self
        if not np.array_equal(o.values != 0.0, program.values != 0.0):
            return None
        return replace(
            self,
            matrix=_with(self.matrix, program.values[o.live_at]),
            fixed_matrix=_with(self.fixed_matrix, program.values[o.fixed_at]),
            origin=replace(o, values=program.values),
        )

    def has_places_of(self, other: "Pattern") -> bool:
        """Return whether the matrices have their entries at the same places."""
        ours, theirs = self.matrix, other.matrix
        return bool(
            ours.shape == theirs.shape
            and np.array_equal(ours.indptr, theirs.indptr)
            and np.array_equal(ours.indices, theirs.indices)
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reduced:
    """A program without its decided part. `base` holds the values of the columns left out, 0 at those that remain."""

    pattern: Pattern
    base: Array
    row_lower: Array
    row_upper: Array
    col_lower: Array
    col_upper: Array

    def full(self, values: Array) -> Array:
        """Return all columns' values from the remaining ones'."""
        x = self.base.copy()
        x[self.pattern.cols] = values
        return x


def make_pattern(program: Program) -> Pattern:
    """Return the pattern of a program."""
    stamp, free, bounded = program.stamp, _free(program), _bounded(program)
    kept = (program.values != 0.0) & bounded[stamp.rows]
    live = kept & free[stamp.cols]
    has_col, has_row = np.zeros(stamp.n_cols, bool), np.zeros(stamp.n_rows, bool)
    has_col[stamp.cols[live]] = has_row[stamp.rows[live]] = True
    cols, rows = np.flatnonzero(has_col), np.flatnonzero(has_row)
    new_col, new_row = np.cumsum(has_col) - 1, np.cumsum(has_row) - 1
    live_at = np.flatnonzero(live)
    fixed_at = np.flatnonzero(kept & ~free[stamp.cols] & has_row[stamp.rows])
    matrix, live_at = _matrix(program, live_at, new_row, new_col[stamp.cols[live_at]], (len(rows), len(cols)))
    fixed, fixed_at = _matrix(program, fixed_at, new_row, stamp.cols[fixed_at], (len(rows), stamp.n_cols))
    origin = Origin(free=free, bounded=bounded, values=program.values, live_at=live_at, fixed_at=fixed_at)
    return Pattern(cols=cols, rows=rows, matrix=matrix, fixed_matrix=fixed, origin=origin)


def reduce(program: Program, pattern: Pattern) -> Reduced:
    """Return the program on a pattern that fits it."""
    base = program.col_lower.copy()
    base[pattern.cols] = 0.0
    shift = pattern.fixed_matrix @ base
    return Reduced(
        pattern=pattern,
        base=base,
        row_lower=program.row_lower[pattern.rows] - shift,
        row_upper=program.row_upper[pattern.rows] - shift,
        col_lower=program.col_lower[pattern.cols],
        col_upper=program.col_upper[pattern.cols],
    )


def _matrix(program: Program, at: Index, new_row: Index, cols: Index, shape: tuple[int, int]) -> tuple[csc_array, Index]:
    """Return the matrix of the coefficients `at`, and these in its order."""
    placed = csc_array((at, (new_row[program.stamp.rows[at]], cols)), shape=shape)
    return _with(placed, program.values[placed.data]), placed.data


def _with(matrix: csc_array, values: Array) -> csc_array:
    """Return a matrix of other values at the same places."""
    return csc_array((values, matrix.indices, matrix.indptr), shape=matrix.shape)


def _free(program: Program) -> NDArray[np.bool_]:
    """Return what is not decided; the site's course never is, lest a forecast that opens or closes one step make a new matrix."""
    return np.asarray((program.col_upper > program.col_lower) | program.stamp.site_course)


def _bounded(program: Program) -> NDArray[np.bool_]:
    return np.asarray(np.isfinite(program.row_lower) | np.isfinite(program.row_upper))
