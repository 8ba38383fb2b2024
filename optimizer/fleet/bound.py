"""A lower bound of what the problem costs, from any duals of the site's rows: the Lagrangian value.

    bound(y) = Σ_rows (y > 0 ? lower : upper)·y + Σ_columns min over their bounds of (cost − yᵀA)·x + Σ_cars least answer

It holds for every y, whatever a solver says, and is the optimum's value at the best one (y is concave in it, so that mixes of good
duals are good). A reduced cost of the wrong sign at a column without a bound on that side would be worth −inf for the solver's
rounding: such columns get the bounds that the rows imply.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from optimizer.compiled.stamp import Program
from optimizer.fleet.site import Site
from v2g.timegrid import Array

UNPRICED = ("moved_up", "moved_down", "held_up", "held_down")
"""Rows left out of the bound: without those of `stability` it holds for the problem without a last plan, without those of `reserve`
the site holds the most it may without anybody behind it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SiteBound:
    """What the site's part of the bound is made of; see `site_bound`."""

    matrix: csr_array
    cost: Array
    row_lower: Array
    row_upper: Array
    col_lower: Array
    col_upper: Array
    unpriced: Array

    @classmethod
    def of(cls, site: Site, *, moving: bool) -> "SiteBound":
        """Return the bound of a site, whose optimum counts keeping to the last plan or does not."""
        p, stamp = site.program, site.program.stamp
        matrix = csr_array((p.values, (stamp.rows, stamp.cols)), shape=(stamp.n_rows, stamp.n_cols))
        matrix.eliminate_zeros()
        room_kw = np.zeros(stamp.n_rows)
        np.add.at(room_kw, site.rows, site.share[:, :, None] * site.most_kw[:, None, :])
        names = [name for name in UNPRICED if name in stamp.template.rows.blocks and not (moving and name.startswith("moved"))]
        cost = site.cost(moving=moving)
        return cls(
            matrix=matrix,
            cost=cost,
            row_lower=p.row_lower,
            row_upper=p.row_upper,
            col_lower=p.col_lower,
            col_upper=_ceilings(matrix, cost, p, room_kw),
            unpriced=np.concatenate([stamp.rows_of(name).ravel() for name in names] or [np.empty(0, np.int64)]),
        )

    def priced(self, row_dual: Array) -> Array:
        """Return the duals that count: none for rows left out, none that a row without that bound could not have."""
        dual = row_dual.copy()
        dual[self.unpriced] = 0.0
        dual[(dual > 0) & ~np.isfinite(self.row_lower)] = 0.0
        dual[(dual < 0) & ~np.isfinite(self.row_upper)] = 0.0
        return dual

    def value(self, row_dual: Array) -> float:
        """Return the site's part at duals that `priced` has returned [currency]."""
        up, down = np.maximum(row_dual, 0.0), np.minimum(row_dual, 0.0)
        rows = _times(up, self.row_lower) + _times(down, self.row_upper)
        reduced = self.cost - self.matrix.T @ row_dual
        return rows + _times(np.maximum(reduced, 0.0), self.col_lower) + _times(np.minimum(reduced, 0.0), self.col_upper)


def _ceilings(matrix: csr_array, cost: Array, program: Program, room_kw: Array) -> Array:
    """Return the columns' upper bounds; where there is none and more is never cheaper, the most that a row can ask for.

    Such a column is the slack of rows that hold for large values of it. Each asks for what its bound lacks at the worst of all
    else: cars can move its body by `room_kw` at most.
    """
    entries = matrix.tocoo()
    row, col, value, upper = entries.row, entries.col, entries.data, program.col_upper
    lower, up = program.col_lower, value > 0
    n = len(program.row_lower)
    low = np.bincount(row, value * np.where(up, lower[col], upper[col]), minlength=n) - room_kw
    high = np.bincount(row, value * np.where(up, upper[col], lower[col]), minlength=n) + room_kw
    asked, rest = np.where(up, program.row_lower[row], program.row_upper[row]), np.where(up, low[row], high[row])
    lacks = np.where(np.isfinite(asked), np.inf, -np.inf)
    known = np.isfinite(asked) & np.isfinite(rest)
    lacks[known] = (asked[known] - rest[known]) / value[known] + lower[col[known]]
    against = np.isfinite(np.where(up, program.row_upper[row], program.row_lower[row]))
    most = lower.copy()
    np.maximum.at(most, col, np.where(against, np.inf, lacks))
    return np.where(np.isfinite(upper) | (cost < 0) | ~np.isfinite(lower), upper, most)


def _times(price: Array, amount: Array) -> float:
    used = price != 0.0
    return float((price[used] * amount[used]).sum())
