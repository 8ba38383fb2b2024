"""Either–or decisions, made only where the linear relaxation does both at once.

A storage that charges and discharges, or a site that imports and exports, in one step burns energy: at prices ≥ 0 that never pays,
so the linear program does not do it. Where it pays (negative prices, export dearer than import, an export limit that burning would
keep) the pair of columns becomes exclusive:

    a ≤ a_max·z,   b ≤ b_max·(1 − z),   z binary

HiGHS decides the z within a gap and a time limit, tier by tier where that matters; the linear program is then solved again with the
losing columns closed, so that tiers are exact whatever the binaries' gap.
"""

from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray

from optimizer.compiled.reduce import Reduced
from optimizer.deadline import Deadline
from optimizer.highs import Answer, feasible, new_highs, pass_program, run
from optimizer.tiers import Objective
from v2g.solution import Tier
from v2g.timegrid import Array

MIP_GAP = 1e-4
BOTH_KW = 1e-5
TRADE_TOLERANCE = 1e-6

Pairs = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Decision:
    """The columns to close, the relative gap to the best decision, and whether it came within `MIP_GAP` in time."""

    closed: NDArray[np.int64]
    gap_frac: float
    proven: bool


def overlapping(pairs: Pairs, values: Array) -> Pairs:
    """Return those of the (k, 2) `pairs` of columns of which both are used."""
    return pairs[(values[pairs] > BOTH_KW).all(axis=1)]


def decide(program: Reduced, objective: Objective, relaxed: Answer, pairs: Pairs, deadline: Deadline) -> Decision | None:
    """Return which column of each exclusive pair to close, None where HiGHS finds nothing in half of the time left.

    The weighted program decides if it costs no more than the relaxation in the tiers before MONEY; else they are solved in turn.
    """
    limit_s = deadline.left_s / 2
    highs = _exclusive_program(program, pairs)
    earlier = {tier: objective.value(tier, relaxed) for tier in objective.weights if tier is not Tier.MONEY}
    # The gap is to be relative to what is at stake, not to targets that nobody can meet.
    highs.changeObjectiveOffset(-sum(objective.weights[tier] * value for tier, value in earlier.items()))
    decision = _solve(highs, objective.weighted, pairs, limit_s)
    if decision is None or all(_value(highs, objective.costs[t]) <= value + TRADE_TOLERANCE for t, value in earlier.items()):
        return decision
    highs.changeObjectiveOffset(0.0)
    for tier in objective.weights:
        better = _solve(highs, objective.costs[tier], pairs, limit_s)
        if better is None:
            return decision
        decision = better
        _cap(highs, objective.costs[tier], _value(highs, objective.costs[tier]) + TRADE_TOLERANCE)
    return decision


def losers(pairs: Pairs, values: Array) -> NDArray[np.int64]:
    """Return the less used column of each pair."""
    a, b = pairs[:, 0], pairs[:, 1]
    return np.where(values[a] >= values[b], b, a)


def _solve(highs: Any, cost: Array, pairs: Pairs, limit_s: float) -> Decision | None:
    highs.changeColsCost(len(cost), np.arange(len(cost), dtype=np.int32), cost)
    status = run(highs, limit_s)
    if not feasible(highs):
        return None
    values = np.array(highs.getSolution().col_value)
    proven = status == highspy.HighsModelStatus.kOptimal
    return Decision(closed=losers(pairs, values), gap_frac=float(highs.getInfo().mip_gap), proven=proven)


def _value(highs: Any, cost: Array) -> float:
    return float((cost * np.array(highs.getSolution().col_value)[: len(cost)]).sum())


def _cap(highs: Any, cost: Array, most: float) -> None:
    used = np.flatnonzero(cost).astype(np.int32)
    highs.addRow(-highspy.kHighsInf, most, len(used), used, cost[used])


def _exclusive_program(program: Reduced, pairs: Pairs) -> Any:
    """Return a HiGHS with the program, a binary for each pair, and the rows that make the pair exclusive."""
    n, k = len(program.col_lower), len(pairs)
    highs = new_highs()
    pass_program(highs, program, np.zeros(n))
    highs.setOptionValue("mip_rel_gap", MIP_GAP)
    binaries = np.arange(n, n + k, dtype=np.int32)
    highs.addVars(k, np.zeros(k), np.ones(k))
    highs.changeColsIntegrality(k, binaries, np.full(k, int(highspy.HighsVarType.kInteger), dtype=np.uint8))
    a, b = pairs[:, 0], pairs[:, 1]
    a_max, b_max = program.col_upper[a], program.col_upper[b]
    index = np.stack([np.r_[a, b], np.r_[binaries, binaries]], axis=1).astype(np.int32).ravel()
    value = np.stack([np.ones(2 * k), np.r_[-a_max, b_max]], axis=1).ravel()
    start = np.arange(0, 4 * k, 2, dtype=np.int32)
    highs.addRows(2 * k, np.full(2 * k, -highspy.kHighsInf), np.r_[np.zeros(k), b_max], 4 * k, start, index, value)
    return highs
