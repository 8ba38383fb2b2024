"""Leave out what is decided: columns whose bounds meet, rows without bounds, and all that hangs on them alone.

A car that is away has fixed powers; a soft bound that is not needed has an infinite side: the solver should not see them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array

from optimizer.compiled.stamp import Index, Program
from v2g.timegrid import Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pattern:
    """Which columns and rows of a program remain, and their matrix. Equal masks and values share one pattern."""

    free: NDArray[np.bool_]
    bounded: NDArray[np.bool_]
    values: Array
    cols: Index
    rows: Index
    matrix: csc_array
    fixed_matrix: csc_array

    def fits(self, program: Program) -> bool:
        """Return whether the program reduces to this very matrix."""
        return (
            self.values is program.values
            and np.array_equal(self.free, _free(program))
            and np.array_equal(self.bounded, _bounded(program))
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
    matrix = csc_array((program.values[live], (new_row[stamp.rows[live]], new_col[stamp.cols[live]])), shape=(len(rows), len(cols)))
    dead = kept & ~free[stamp.cols] & has_row[stamp.rows]
    fixed = csc_array((program.values[dead], (new_row[stamp.rows[dead]], stamp.cols[dead])), shape=(len(rows), stamp.n_cols))
    return Pattern(free=free, bounded=bounded, values=program.values, cols=cols, rows=rows, matrix=matrix, fixed_matrix=fixed)


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


def _free(program: Program) -> NDArray[np.bool_]:
    return np.asarray(program.col_upper > program.col_lower)


def _bounded(program: Program) -> NDArray[np.bool_]:
    return np.asarray(np.isfinite(program.row_lower) | np.isfinite(program.row_upper))
