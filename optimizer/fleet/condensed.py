"""The site's program without the feeder tree's own columns: what a circuit or a phase carries is written out in what is below it.

    x_J = D⁻¹·(b_E − A_E·x − Q_E·p)          J: powers of circuits and phases, E: their balances, p: cars' power by place and step

so that a limit is a row of its own, `lower ≤ x_J ≤ upper`, and most of them never bind: the master adds those that do. The
root's balance stays, and so do circuits in which other rows have a part (soft limits, room for reserve).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, eye_array

from optimizer.compiled.stamp import Index
from optimizer.fleet.site import Site
from v2g.timegrid import Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Condensed:
    """The condensed program.

    `cols` and `rows` are what is left of the site's program, `matrix` (rows, cols) its coefficients; `gone_rows` and `gone_cols`
    are E and J, `inverse` D⁻¹, `links` (rows, J) what the rows left have of J. `limits` (J, cols) and `limit_load` (J, L·T) are the
    coefficients of the limits, `load` (rows, L·T) those of a kW at each place and step in the rows left.
    """

    site: Site
    rows: Index
    cols: Index
    gone_rows: Index
    gone_cols: Index
    matrix: csr_array
    inverse: csr_array
    links: csr_array
    limits: csr_array
    load: csr_array
    limit_load: csr_array

    def same_as(self, other: "Condensed | None") -> bool:
        """Return whether two condensed programs have one matrix."""
        return other is not None and (
            self.matrix.shape == other.matrix.shape
            and np.array_equal(self.rows, other.rows)
            and np.array_equal(self.gone_rows, other.gone_rows)
            and self.site.program.values is other.site.program.values
        )

    def row_bounds(self) -> tuple[Array, Array]:
        """Return the bounds of the rows left."""
        p = self.site.program
        shift = self.links @ (self.inverse @ p.row_lower[self.gone_rows])
        return p.row_lower[self.rows] - shift, p.row_upper[self.rows] - shift

    def limit_bounds(self) -> tuple[Array, Array]:
        """Return the bounds of the limits' rows, whose bodies leave out what is fixed, two (J,)."""
        p = self.site.program
        fixed = self.inverse @ p.row_lower[self.gone_rows]
        return p.col_lower[self.gone_cols] - fixed, p.col_upper[self.gone_cols] - fixed

    def all_duals(self, row_dual: Array, limit_dual: Array) -> Array:
        """Return the duals of all the site's rows from those of the rows left and of the limits (J,)."""
        dual = np.zeros(self.site.program.stamp.n_rows)
        dual[self.rows] = row_dual
        dual[self.gone_rows] = self.inverse.T @ (-(self.links.T @ row_dual) - limit_dual)
        return dual


def condense(site: Site) -> Condensed:
    """Return a site's program without the powers of circuits and phases that only limits have a part in."""
    program, stamp = site.program, site.program.stamp
    whole = csr_array((program.values, (stamp.rows, stamp.cols)), shape=(stamp.n_rows, stamp.n_cols))
    whole.eliminate_zeros()
    bounded = np.isfinite(program.row_lower) | np.isfinite(program.row_upper)
    gone_rows, gone_cols = _definitions(site, whole, bounded)
    is_gone, col_gone = np.zeros(stamp.n_rows, bool), np.zeros(stamp.n_cols, bool)
    is_gone[gone_rows] = col_gone[gone_cols] = True
    rows, cols = np.flatnonzero(bounded & ~is_gone), np.flatnonzero(~col_gone)
    inverse = _inverse(whole[gone_rows][:, gone_cols])
    links, cars = whole[rows][:, gone_cols], _cars(site)
    through = links @ inverse
    return Condensed(
        site=site,
        rows=rows,
        cols=cols,
        gone_rows=gone_rows,
        gone_cols=gone_cols,
        matrix=whole[rows][:, cols] - through @ whole[gone_rows][:, cols],
        inverse=inverse,
        links=links,
        limits=-(inverse @ whole[gone_rows][:, cols]),
        load=cars[rows] - through @ cars[gone_rows],
        limit_load=-(inverse @ cars[gone_rows]),
    )


def _definitions(site: Site, whole: csr_array, bounded: NDArray[np.bool_]) -> tuple[Index, Index]:
    """Return the balances that only define a column, and these columns."""
    stamp = site.program.stamp
    circuit_rows, circuit_cols = stamp.rows_of("circuit_balance"), stamp.columns_of("circuit_kw")
    rows = np.r_[circuit_rows[1:].ravel(), stamp.rows_of("phase_balance").ravel()]
    cols = np.r_[circuit_cols[1:].ravel(), stamp.columns_of("phase_kw").ravel()]
    others = bounded.copy()
    others[circuit_rows.ravel()] = False
    others[rows] = False
    free = (abs(whole[others]).sum(axis=0)[cols] == 0) & (site.cost()[cols] == 0)
    return rows[free], cols[free]


def _inverse(definitions: csr_array) -> csr_array:
    """Return the inverse of a matrix that is 1 on its diagonal and nilpotent beside it: a sum over the levels of the tree."""
    one = eye_array(definitions.shape[0], format="csr")
    below = csr_array(one - definitions)
    below.eliminate_zeros()
    total, power = csr_array(one), csr_array(one)
    while power.nnz:
        power = csr_array(power @ below)
        total = total + power
    return total


def _cars(site: Site) -> csr_array:
    """Return the coefficients of a kW at each place and step in all the site's rows, (rows, L·T)."""
    n, _, T = site.rows.shape
    columns = np.broadcast_to(np.arange(n * T).reshape(n, 1, T), site.rows.shape)
    values = np.broadcast_to(-site.share[:, :, None], site.rows.shape)
    load = csr_array((values.ravel(), (site.rows.ravel(), columns.ravel())), shape=(site.program.stamp.n_rows, n * T))
    load.eliminate_zeros()
    return load
