"""Start the next solve where the last one ended, though time has moved on and cars have come and gone.

A basis says of each column and row whether it is basic or at a bound. What was basic for a unit in an hour of the day is likely to
be so again: statuses are carried over by the unit's name and the step's instant. HiGHS completes what does not fit.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.compiled.reduce import Pattern
from optimizer.compiled.stamp import Index, Stamp
from optimizer.compiled.template import Space
from optimizer.highs import AT_LOWER, BASIC, Basis
from v2g.problem import Problem

Status = NDArray[np.int8]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Footing:
    """A program that has been solved: whose it was, and what it looked like."""

    problem: Problem
    stamp: Stamp
    pattern: Pattern

    def stands_on(self, old: "Footing") -> bool:
        """Return whether every column and row is at the place of its like in `old`: the same units, steps and decided parts."""
        same_units = self.problem.storages.unit_ids == old.problem.storages.unit_ids
        same_decided = self.stamp is old.stamp and self.pattern.has_places_of(old.pattern)
        return same_units and same_decided and np.array_equal(_steps(old, self), np.arange(self.problem.grid.n_steps))


def carry_over(basis: Basis, old: Footing, new: Footing) -> Basis | None:
    """Return the basis of `old` in terms of `new`, None where their structures differ."""
    if old.stamp.template is not new.stamp.template:
        return None
    units, steps = _units(old, new), _steps(old, new)
    template = new.stamp.template
    columns = _spread(basis.columns, old.pattern.cols, old.stamp.n_cols, AT_LOWER)
    rows = _spread(basis.rows, old.pattern.rows, old.stamp.n_rows, BASIC)
    return Basis(
        columns=_gather(columns, template.columns, units, steps, AT_LOWER)[new.pattern.cols],
        rows=_gather(rows, template.rows, units, steps, BASIC)[new.pattern.rows],
    )


def _units(old: Footing, new: Footing) -> Index:
    """Return for each new unit its old index, −1 if it is a stranger."""
    index = {name: i for i, name in enumerate(old.problem.storages.unit_ids)}
    return np.array([index.get(name, -1) for name in new.problem.storages.unit_ids], dtype=np.int64)


def _steps(old: Footing, new: Footing) -> Index:
    """Return for each new step the old one that its middle lies in; beyond the old horizon, the last."""
    edges = new.problem.grid.edges_h + old.problem.grid.offset_h(new.problem.grid.start)
    middles = (edges[1:] + edges[:-1]) / 2
    return np.clip(np.searchsorted(old.problem.grid.edges_h, middles) - 1, 0, old.problem.grid.n_steps - 1)


def _spread(status: Status, places: Index, size: int, default: int) -> Status:
    full = np.full(size, default, np.int8)
    full[places] = status
    return full


def _gather(status: Status, space: Space, units: Index, steps: Index, default: int) -> Status:
    """Rearrange statuses laid out for the old units and steps."""
    n_old = (len(status) - space.per_site) // space.per_unit
    local = {True: np.arange(space.per_unit), False: np.arange(space.per_site)}
    for block in space.blocks.values():
        if block.over_time:
            places = block.start + np.arange(block.size).reshape(block.shape)
            last = block.shape[-1]
            local[block.per_unit][places] = places[..., np.minimum(steps[:last], last - 1)]
    old_units = np.vstack(
        [status[: n_old * space.per_unit].reshape(n_old, space.per_unit), np.full((1, space.per_unit), default, np.int8)]
    )
    site = status[n_old * space.per_unit :]
    return np.concatenate([old_units[units][:, local[True]].ravel(), site[local[False]]])
