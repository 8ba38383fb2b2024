"""The portfolio's master: the common program with groups of sites' answers as columns, and a box around the prices.

    min  common cost + Σ_kg cost[k,g]·share[k,g] + Σ_g absence[g]·absent[g] + Σ_lt h·((π̂+Δ)·less[l,t] − (π̂−Δ)·more[l,t])
    in place l's balance: … − Σ power·share + less − more,        Σ_k share[k,g] + absent[g] = 1

`less` and `more` change what a place draws, for a price: so no dual leaves π̂ ± Δ, and the next prices stay near the best ones.
Source: Marsten, Hogan and Blankenship (1975), "The boxstep method for large-scale optimization", Operations Research 23(3).
"""

from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
from scipy.sparse import csc_array, csr_array, hstack, vstack

from optimizer.fleet.places import Index
from optimizer.highs import feasible, new_highs, run
from optimizer.portfolio.crossing import Crossing
from v2g.errors import PlanningError
from v2g.timegrid import Array

I32 = np.int32
INF = highspy.kHighsInf


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Mixture:
    """The master's optimum: cost, each answer's share (K, G), absence (G,), duals of the common rows, and whether the box binds."""

    cost: float
    share: Array
    absent: Array
    row_dual: Array
    boxed: bool


class PortfolioMaster:
    """One master over G groups of sites, `place` (G,) each; `absence` (G,) [currency] is what it costs if a group is not there."""

    def __init__(self, common: Crossing, place: Index, absence: Array, *, time_limit_s: float) -> None:
        self._common, self._place, self._limit_s = common, place, time_limit_s
        program, stamp = common.site.program, common.site.program.stamp
        self._rows = np.flatnonzero(np.isfinite(program.row_lower) | np.isfinite(program.row_upper))
        matrix = csr_array((program.values, (stamp.rows, stamp.cols)), shape=(stamp.n_rows, stamp.n_cols))[self._rows]
        self._power_rows = _power_rows(common)[:, self._rows]
        G, m = len(place), len(self._rows)
        box = hstack([self._power_rows.T, -self._power_rows.T])
        groups = csr_array((np.ones(G), (m + np.arange(G), np.arange(G))), shape=(m + G, G))
        whole = csc_array(hstack([vstack([hstack([matrix, box]), csr_array((G, stamp.n_cols + box.shape[1]))]), groups]))
        self._n_common, self._n_box, self._n_groups = stamp.n_cols, box.shape[1], G
        zeros = np.zeros(self._n_box)
        self._highs: Any = new_highs()
        _pass(
            self._highs,
            whole,
            cost=np.r_[common.site.cost(moving=False), zeros, absence],
            columns=(np.r_[program.col_lower, zeros, np.zeros(G)], np.r_[program.col_upper, zeros, np.full(G, INF)]),
            rows=(np.r_[program.row_lower[self._rows], np.ones(G)], np.r_[program.row_upper[self._rows], np.ones(G)]),
        )
        self.n_rounds = 0

    def add(self, power_kw: Array, reserve_kw: Array, cost: Array) -> None:
        """Take each group's answer to one more price: power (G, T) and reserve (G, R) [kW], own cost (G,) [currency]."""
        (G, T), R, L = power_kw.shape, reserve_kw.shape[1], len(self._common.site.rows)
        at = self._place[:, None] * T + np.arange(T)
        power = csr_array((power_kw.ravel(), (np.repeat(np.arange(G), T), at.ravel())), shape=(G, L * T))
        held_at = self._place[:, None] * R + np.arange(R)
        held = csr_array((reserve_kw.ravel(), (np.repeat(np.arange(G), R), held_at.ravel())), shape=(G, L * R))
        loads = held @ self._common.reserve_rows[:, self._rows] - power @ self._power_rows
        columns = csr_array(hstack([loads, csr_array(np.eye(G))]))
        columns.eliminate_zeros()
        indptr, indices = columns.indptr[:-1].astype(I32), columns.indices.astype(I32)
        self._highs.addCols(G, cost, np.zeros(G), np.full(G, INF), columns.nnz, indptr, indices, columns.data)
        self.n_rounds += 1

    def solve(self, price_per_kwh: Array | None = None, width_per_kwh: float = 0.0) -> Mixture:
        """Return the best mix; with the prices (L, T) of the box's middle and its half width, within the box."""
        box = np.arange(self._n_common, self._n_common + self._n_box, dtype=I32)
        none = np.zeros(self._n_box)
        if price_per_kwh is not None:
            middle, width = (price_per_kwh * self._common.site.rest.grid.step_h).ravel(), width_per_kwh * self._step_h()
            self._highs.changeColsCost(self._n_box, box, np.r_[middle + width, width - middle])
        self._highs.changeColsBounds(self._n_box, box, none, none if price_per_kwh is None else none + INF)
        status = run(self._highs, self._limit_s)
        if status != highspy.HighsModelStatus.kOptimal:
            self._highs.clearSolver()
            status = run(self._highs, self._limit_s)
        if not feasible(self._highs):
            raise PlanningError(f"HiGHS found no mix of the sites: {self._highs.modelStatusToString(status)}")
        return self._mixture()

    def _step_h(self) -> Array:
        return np.tile(self._common.site.rest.grid.step_h, len(self._common.site.rows))

    def _mixture(self) -> Mixture:
        solution, m, n, G = self._highs.getSolution(), len(self._rows), self._n_common, self._n_groups
        values = np.array(solution.col_value)
        dual = np.zeros(self._common.site.program.stamp.n_rows)
        dual[self._rows] = np.array(solution.row_dual)[:m]
        return Mixture(
            cost=float(self._highs.getInfo().objective_function_value),
            share=np.maximum(values[n + self._n_box + G :], 0.0).reshape(self.n_rounds, G),
            absent=np.maximum(values[n + self._n_box : n + self._n_box + G], 0.0),
            row_dual=dual,
            boxed=bool(values[n : n + self._n_box].max(initial=0.0) > 0.0),
        )


def _power_rows(common: Crossing) -> csr_array:
    """Return what a kW drawn at each place and step takes out of each row, (L·T, rows)."""
    rows, share = common.site.rows, common.site.share
    L, _, T = rows.shape
    at = np.broadcast_to((np.arange(L)[:, None] * T + np.arange(T))[:, None, :], rows.shape)
    values = np.broadcast_to(share[:, :, None], rows.shape)
    return csr_array((values.ravel(), (at.ravel(), rows.ravel())), shape=(L * T, common.site.program.stamp.n_rows))


def _pass(highs: Any, matrix: csc_array, *, cost: Array, columns: tuple[Array, Array], rows: tuple[Array, Array]) -> None:
    n_rows, n_cols = matrix.shape
    highs.passModel(
        n_cols,
        n_rows,
        matrix.nnz,
        int(highspy.MatrixFormat.kColwise),
        int(highspy.ObjSense.kMinimize),
        0.0,
        cost,
        *columns,
        *rows,
        matrix.indptr.astype(I32),
        matrix.indices.astype(I32),
        matrix.data,
        np.zeros(n_cols, dtype=I32),
    )
