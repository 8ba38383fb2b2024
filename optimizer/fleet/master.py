"""The site master: the site's linear program with the cars' answers as columns, one convexity row a group of cars.

    min  site's cost + Σ_kg cost[k,g]·share[k,g] + Σ_g idle_cost[g]·idle[g]
    in the balances where group g's cars stand: … − Σ_k power[k,g,t]·share[k,g] = fixed
    Σ_k share[k,g] + idle[g] = 1

A column (k, g) is how the cars of group g answer price curve k, so each mix of them is a plan of theirs. All of them idling is
always feasible, so the master is too. Limits of circuits and phases are rows that come when they are first exceeded. The program
stays in HiGHS from tick to tick: data are patched, columns and rows added and taken out.
Source: Dantzig and Wolfe (1960), "Decomposition principle for linear programs", Operations Research 8(1).
"""

from dataclasses import dataclass

import highspy
import numpy as np
from scipy.sparse import block_array, csc_array, csr_array, eye_array, hstack

from optimizer.compiled.stamp import Index
from optimizer.deadline import Deadline
from optimizer.fleet.condensed import Condensed, condense
from optimizer.fleet.groups import Groups
from optimizer.fleet.site import Site
from optimizer.highs import DUAL, PRIMAL, feasible, new_highs, run
from v2g.errors import PlanningError
from v2g.timegrid import Array

I32 = np.int32
UNIT_SHARE = 1e-3
"""What HiGHS sees as 1 is this share of the fleet's size: its tolerances are absolute, and a site may carry gigawatts."""
MOST_COLUMNS, KEPT_COLUMNS = 10, 6
"""Answers for each group that the master holds at most, and how many it keeps then. Measured, 1,000 cars in 144 groups: keeping all
takes 28 rounds and 4.5 s in HiGHS, 10 and 6 take 29 and 2.8 s; 6 and 4 take 35 and 2.1 s, but 55 rounds instead of 37 at worst."""
LIMIT_TOLERANCE = 1e-7
"""Share of the fleet's size by which a limit may be exceeded before it gets a row."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Mixture:
    """The master's optimum.

    Parameters
    ----------
    cost : float
        Its value [currency]: an upper bound of what the problem costs.
    share : (K, G)
        What part each curve's answer has in each group's plan; with `idle` (G,), what idles, each group's sum to 1.
    row_dual : (rows of the site's program,)
        Duals [currency per unit of each row].
    power_kw : (L, T)
        What the cars at each place draw.
    values : (columns of the site's program,)
        What the site does; 0 for the powers of circuits and phases that were condensed.
    optimal : bool
        False for an incumbent at the time limit.
    """

    cost: float
    share: Array
    idle: Array
    row_dual: Array
    power_kw: Array
    values: Array
    optimal: bool


class Master:
    """One master; not thread-safe. `load` a site, `add` answers, `solve`, and again."""

    def __init__(self) -> None:
        self._highs = new_highs()
        self._highs.setOptionValue("presolve", "off")
        self._condensed: Condensed | None = None
        self._n_groups = 0
        self._watched: Index = np.empty(0, np.int64)

    def load(self, site: Site, groups: Groups, *, moving: bool = True) -> None:
        """Take a site and its groups of cars, who idle until answers come."""
        condensed, G = condense(site), groups.n_groups
        if not (self._n_groups == G and condensed.same_as(self._condensed)):
            self._pass(condensed, G)
        self._condensed, self._n_groups, self.groups = condensed, G, groups
        self._n_cols, self._n_rows = len(condensed.cols) + G, len(condensed.rows) + G
        self._unit_kw = max(UNIT_SHARE * float(groups.size_kw.sum()), 1.0)
        self._bounds(site, groups, moving=moving)
        self._limit_lower, self._limit_upper = (bound / self._unit_kw for bound in condensed.limit_bounds())
        self._power = csc_array((site.share.shape[0] * site.rest.grid.n_steps, 0))
        self._curve, self._group = np.empty(0, np.int64), np.empty(0, np.int64)
        self.n_curves = 0

    def add(self, power_kw: Array, cost: Array) -> None:
        """Take the groups' answers to one more price curve: power (G, T) [kW] and own cost (G,) [currency]."""
        size, (G, T) = self.groups.size_kw, power_kw.shape
        at = self.groups.place[:, None] * T + np.arange(T)
        power = csc_array(((power_kw / size[:, None]).ravel(), at.ravel(), np.arange(G + 1) * T), shape=(self._power.shape[0], G))
        convexity = eye_array(G, format="csr")
        rows = csc_array(block_array([[self._c.load @ power], [convexity], [self._c.limit_load[self._watched] @ power]]))
        free = np.full(G, highspy.kHighsInf)
        self._highs.addCols(
            G, cost / size, np.zeros(G), free, rows.nnz, rows.indptr[:-1].astype(I32), rows.indices.astype(I32), rows.data
        )
        self._power = csc_array(hstack([self._power, power]))
        self._curve = np.r_[self._curve, np.full(G, self.n_curves)]
        self._group = np.r_[self._group, np.arange(G)]
        self.n_curves += 1

    def solve(self, deadline: Deadline) -> Mixture:
        """Return the best mix of what is there. Raises `PlanningError` where HiGHS finds none in time."""
        optimal = self._run(PRIMAL, deadline)
        while len(exceeded := self._exceeded(np.array(self._highs.getSolution().col_value))):
            if not optimal:
                raise PlanningError("there was no time to keep all limits")
            self._watch(exceeded)
            optimal = self._run(DUAL, deadline)
        mixture = self._mixture(optimal=optimal)
        self._forget(np.array(self._highs.getSolution().col_dual))
        return mixture

    @property
    def _c(self) -> Condensed:
        assert self._condensed is not None  # noqa: S101 (loaded before)
        return self._condensed

    def _run(self, strategy: int, deadline: Deadline) -> bool:
        self._highs.setOptionValue("simplex_strategy", strategy)
        status = run(self._highs, deadline.left_s)
        if status not in (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kTimeLimit):
            self._highs.clearSolver()
            status = run(self._highs, deadline.left_s)
        if status != highspy.HighsModelStatus.kOptimal and not feasible(self._highs):
            raise PlanningError(f"HiGHS found no mix: {self._highs.modelStatusToString(status)}")
        return bool(status == highspy.HighsModelStatus.kOptimal)

    def _mixture(self, *, optimal: bool) -> Mixture:
        solution, n, G = self._highs.getSolution(), len(self._c.cols), self._n_groups
        values, duals = self._unit_kw * np.array(solution.col_value), np.array(solution.row_dual)
        weights = values[n + G :]
        share, limit_dual = np.zeros((self.n_curves, G)), np.zeros(len(self._c.gone_rows))
        site_values = np.zeros(self._c.site.program.stamp.n_cols)
        site_values[self._c.cols] = values[:n]
        share[self._curve, self._group] = np.maximum(weights, 0.0) / self.groups.size_kw[self._group]
        limit_dual[self._watched] = duals[self._n_rows :]
        return Mixture(
            cost=self._unit_kw * float(self._highs.getInfo().objective_function_value),
            share=share,
            idle=np.maximum(values[n : n + G], 0.0) / self.groups.size_kw,
            row_dual=self._c.all_duals(duals[: len(self._c.rows)], limit_dual),
            power_kw=np.asarray(self._power @ weights).reshape((len(self._c.site.share), -1)),
            values=site_values,
            optimal=optimal,
        )

    def _exceeded(self, values: Array) -> Index:
        """Return the limits without a row that a solution exceeds."""
        n, tolerance = len(self._c.cols), LIMIT_TOLERANCE / UNIT_SHARE
        body = self._c.limits @ values[:n] + self._c.limit_load @ (self._power @ values[n + self._n_groups :])
        outside = np.maximum(self._limit_lower - body, body - self._limit_upper)
        outside[self._watched] = 0.0
        return np.flatnonzero(outside > tolerance)

    def _forget(self, column_dual: Array) -> None:
        """Take out the answers that are worst at the present prices, when there are too many: the solver prices them all."""
        if len(self._curve) <= MOST_COLUMNS * self._n_groups:
            return
        basis = self._highs.getBasis()
        nonbasic = np.array([status != highspy.HighsBasisStatus.kBasic for status in basis.col_status[self._n_cols :]])
        worst = np.argsort(np.where(nonbasic, -column_dual[self._n_cols :], 0.0), kind="stable")
        gone = np.sort(worst[: len(self._curve) - KEPT_COLUMNS * self._n_groups])
        gone = gone[nonbasic[gone]]
        kept = np.setdiff1d(np.arange(len(self._curve)), gone)
        statuses = basis.col_status
        basis.col_status = [*statuses[: self._n_cols], *(statuses[self._n_cols + i] for i in kept.tolist())]
        self._highs.deleteCols(len(gone), (self._n_cols + gone).astype(I32))
        self._highs.setBasis(basis)
        self._power = csc_array(self._power[:, kept])
        self._curve, self._group = self._curve[kept], self._group[kept]

    def _watch(self, limits: Index) -> None:
        """Add the rows of limits."""
        idle = csr_array((len(limits), self._n_groups))
        rows = csr_array(hstack([self._c.limits[limits], idle, self._c.limit_load[limits] @ self._power]))
        self._highs.addRows(
            len(limits),
            self._limit_lower[limits],
            self._limit_upper[limits],
            rows.nnz,
            rows.indptr[:-1].astype(I32),
            rows.indices.astype(I32),
            rows.data,
        )
        self._watched = np.r_[self._watched, limits]

    def _pass(self, condensed: Condensed, n_groups: int) -> None:
        """Hand the program over as a matrix, and behind it the groups' rows, in which they idle."""
        idle = eye_array(n_groups, format="csr")
        matrix = csc_array(block_array([[condensed.matrix, None], [None, idle]]))
        none_cols, none_rows = np.zeros(matrix.shape[1]), np.zeros(matrix.shape[0])
        self._highs.passModel(
            matrix.shape[1],
            matrix.shape[0],
            matrix.nnz,
            int(highspy.MatrixFormat.kColwise),
            int(highspy.ObjSense.kMinimize),
            0.0,
            none_cols,
            none_cols,
            none_cols,
            none_rows,
            none_rows,
            matrix.indptr.astype(I32),
            matrix.indices.astype(I32),
            matrix.data,
            none_cols.astype(I32),
        )
        self._watched = np.empty(0, np.int64)

    def _bounds(self, site: Site, groups: Groups, *, moving: bool) -> None:
        """Patch bounds and costs; take the last tick's answers out."""
        n_all, n, G, program = self._highs.getNumCol(), self._n_cols, groups.n_groups, site.program
        if n_all > n:
            self._highs.deleteCols(n_all - n, np.arange(n, n_all, dtype=I32))
        if self._highs.getNumRow() > self._n_rows:
            self._highs.deleteRows(len(self._watched), np.arange(self._n_rows, self._highs.getNumRow(), dtype=I32))
            self._watched = np.empty(0, np.int64)
        keep, cols, rows = self._c.cols, np.arange(n, dtype=I32), np.arange(self._n_rows, dtype=I32)
        lower, upper = self._c.row_bounds()
        cost = np.r_[site.cost(moving=moving)[keep], groups.idle_cost(moving=moving) / groups.size_kw]
        ceiling, size = np.full(G, highspy.kHighsInf), groups.size_kw / self._unit_kw
        low, high = program.col_lower[keep] / self._unit_kw, program.col_upper[keep] / self._unit_kw
        self._highs.changeColsCost(n, cols, cost)
        self._highs.changeColsBounds(n, cols, np.r_[low, np.zeros(G)], np.r_[high, ceiling])
        self._highs.changeRowsBounds(self._n_rows, rows, np.r_[lower / self._unit_kw, size], np.r_[upper / self._unit_kw, size])
