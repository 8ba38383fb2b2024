"""Either–or decisions, made only where the linear relaxation does both at once.

A storage that charges and discharges, or a site that imports and exports, in one step burns energy: at prices ≥ 0 that never pays,
so the linear program does not do it. Where it pays (negative prices, export dearer than import, an export limit that burning would
keep) the pair of columns becomes exclusive:

    a ≤ a_max·z,   b ≤ b_max·(1 − z),   z binary

HiGHS decides the z within a gap and a time limit; the linear program is then solved again with the losing column closed, so that
tiers, ties and prices are exact whatever the binaries' gap.
"""

from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray

from optimizer.compiled.reduce import Reduced
from optimizer.highs import feasible, new_highs, pass_program, run
from v2g.timegrid import Array

MIP_GAP = 1e-4
BOTH_KW = 1e-5

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


def decide(program: Reduced, cost: Array, offset: float, pairs: Pairs, *, time_limit_s: float) -> Decision | None:
    """Return which column of each exclusive pair to close, None where HiGHS finds nothing in time.

    `offset` is added to the objective, so that the gap is relative to what is at stake and not to unmet targets.
    """
    highs = new_highs()
    pass_program(highs, program, cost)
    highs.changeObjectiveOffset(offset)
    _add_exclusions(highs, program, pairs)
    highs.setOptionValue("mip_rel_gap", MIP_GAP)
    status = run(highs, time_limit_s)
    if not feasible(highs):
        return None
    values = np.array(highs.getSolution().col_value)
    return Decision(
        closed=losers(pairs, values), gap_frac=float(highs.getInfo().mip_gap), proven=status == highspy.HighsModelStatus.kOptimal
    )


def losers(pairs: Pairs, values: Array) -> NDArray[np.int64]:
    """Return the less used column of each pair."""
    a, b = pairs[:, 0], pairs[:, 1]
    return np.where(values[a] >= values[b], b, a)


def _add_exclusions(highs: Any, program: Reduced, pairs: Pairs) -> None:
    n, k = len(program.col_lower), len(pairs)
    binaries = np.arange(n, n + k, dtype=np.int32)
    highs.addVars(k, np.zeros(k), np.ones(k))
    highs.changeColsIntegrality(k, binaries, np.full(k, int(highspy.HighsVarType.kInteger), dtype=np.uint8))
    a, b = pairs[:, 0], pairs[:, 1]
    a_max, b_max = program.col_upper[a], program.col_upper[b]
    index = np.stack([np.r_[a, b], np.r_[binaries, binaries]], axis=1).astype(np.int32).ravel()
    value = np.stack([np.ones(2 * k), np.r_[-a_max, b_max]], axis=1).ravel()
    start = np.arange(0, 4 * k, 2, dtype=np.int32)
    highs.addRows(2 * k, np.full(2 * k, -highspy.kHighsInf), np.r_[np.zeros(k), b_max], 4 * k, start, index, value)
