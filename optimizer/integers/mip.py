"""The loaded program with integer columns beside its own, decided by HiGHS within a gap and a time limit."""

from dataclasses import dataclass

import highspy
import numpy as np

from optimizer.compiled.reduce import Reduced
from optimizer.compiled.stamp import Index
from optimizer.deadline import Deadline
from optimizer.highs import feasible, new_highs, pass_program, run
from optimizer.tiers import Objective
from v2g.solution import Tier
from v2g.timegrid import Array

MIP_GAP = 1e-4
FEW_INTEGERS, FEW_COLUMNS = 50, 500
"""Up to so many the optimum itself is asked for: it takes milliseconds, and a gap is left only where time runs out. Measured on 50
cars and 96 steps, 20,000 columns: 1 s for the last 1e-7 of what rounding finds in 0.04 s; on 20 cars, 2,000 columns: 0.1 s."""
TRADE_TOLERANCE = 1e-6
EXACT = 1e-8
"""On the scale of MONEY, on which the dearest unit of anything costs 1: what rounding leaves, and a gap of nothing."""
MOST_S = 2.0
"""A better decision that takes longer is not worth it: the next tick decides again."""


def is_small(n_columns: int, n_integers: int) -> bool:
    """Return whether a mixed-integer program is decided to the optimum itself, not only within `MIP_GAP`."""
    return n_columns <= FEW_COLUMNS and n_integers <= FEW_INTEGERS


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Decision:
    """Values of the program's own columns, a bound below which MONEY and moving cannot get (scaled), and whether that is close."""

    values: Array
    least_cost: float
    proven: bool


class Mip:
    """A mixed-integer program under construction, and its solution; `most_s` [s] is the most that a decision may take."""

    def __init__(self, program: Reduced, *, most_s: float = MOST_S) -> None:
        self._most_s = most_s
        self.col_upper = program.col_upper
        self.n_integers = self.n_whole = 0
        self._n_own = len(program.col_lower)
        self._highs = new_highs()
        pass_program(self._highs, program, np.zeros(self._n_own))

    def integers(self, upper: Array) -> Index:
        """Add integer columns from 0 to `upper` (k,); return their numbers."""
        first, k = self._n_own + self.n_integers, len(upper)
        columns = np.arange(first, first + k, dtype=np.int64)
        self._highs.addVars(k, np.zeros(k), np.asarray(upper, dtype=np.float64))
        self.n_integers += k
        self.make_whole(columns)
        return columns

    def make_whole(self, columns: Index) -> None:
        """Let columns be whole numbers."""
        self.n_whole += len(columns)
        kinds = np.full(len(columns), int(highspy.HighsVarType.kInteger), dtype=np.uint8)
        self._highs.changeColsIntegrality(len(columns), columns.astype(np.int32), kinds)

    def close(self, columns: Index) -> None:
        """Fix columns at 0."""
        none = np.zeros(len(columns))
        self._highs.changeColsBounds(len(columns), columns.astype(np.int32), none, none)

    def at_most(self, columns: Index, factors: Array, upper: Array) -> None:
        """Add rows ``Σ_j factors[i, j]·x[columns[i, j]] ≤ upper[i]``: (k, w), (k, w), (k,)."""
        k, width = columns.shape
        start = width * np.arange(k, dtype=np.int32)
        free = np.full(k, -highspy.kHighsInf)
        self._highs.addRows(k, free, upper, k * width, start, columns.astype(np.int32).ravel(), factors.astype(np.float64).ravel())

    def decide(self, objective: Objective, moving: Array, earlier: dict[Tier, float], deadline: Deadline) -> Decision | None:
        """Return the decision that costs least, None where HiGHS finds none in half of the time left, or `most_s`.

        The weighted program decides if it costs no more in the tiers before MONEY than what the relaxation needs (`earlier`);
        else the tiers are solved in turn.
        """
        limit_s = min(deadline.left_s / 2, self._most_s)
        few = is_small(self._n_own, self.n_whole)
        self._highs.setOptionValue("mip_rel_gap", 0.0 if few else MIP_GAP)
        self._highs.setOptionValue("mip_abs_gap", EXACT if few else TRADE_TOLERANCE)
        # The gap is to be relative to what is at stake, not to targets that nobody can meet.
        self._highs.changeObjectiveOffset(-sum(objective.weights[tier] * value for tier, value in earlier.items()))
        decision = self._solve(objective.weighted + moving, limit_s)
        if decision is None or all(self._value(objective.costs[t]) <= value + TRADE_TOLERANCE for t, value in earlier.items()):
            return decision
        self._highs.changeObjectiveOffset(0.0)
        for tier in objective.weights:
            cost = objective.costs[tier] + (moving if tier is Tier.MONEY else 0.0)
            least = earlier.get(tier, -np.inf)
            if self._value(cost) > least + TRADE_TOLERANCE:
                better = self._solve(cost, limit_s)
                if better is None:
                    return decision
                decision = better
                least = self._value(cost)
            used = np.flatnonzero(cost)
            self.at_most(used[None], cost[used][None], np.array([least + TRADE_TOLERANCE]))
        return decision

    def _solve(self, cost: Array, limit_s: float) -> Decision | None:
        self._highs.changeColsCost(len(cost), np.arange(len(cost), dtype=np.int32), cost)
        run(self._highs, limit_s)
        if not feasible(self._highs):
            return None
        info = self._highs.getInfo()
        return Decision(
            values=np.array(self._highs.getSolution().col_value)[: self._n_own],
            least_cost=float(info.mip_dual_bound),
            proven=self._highs.getModelStatus() == highspy.HighsModelStatus.kOptimal or info.mip_gap <= MIP_GAP,
        )

    def _value(self, cost: Array) -> float:
        return float((cost * np.array(self._highs.getSolution().col_value)[: len(cost)]).sum())
