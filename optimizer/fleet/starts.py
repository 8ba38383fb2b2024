"""Start the next tick from the last one's duals, though time has moved on."""

import numpy as np

from optimizer.compiled.stamp import Index
from optimizer.fleet.site import Site
from v2g.timegrid import Array


def carry_duals(duals: tuple[Array, ...], old: Site, new: Site) -> tuple[Array, ...]:
    """Return the duals of one site's rows as those of another's: per hour what they were at that instant, 0 where a row is new.

    None where the circuits are others.
    """
    if old.rest.circuits.circuit_ids != new.rest.circuits.circuit_ids:
        return ()
    steps = _steps(old, new)
    return tuple(_carried(dual, old, new, steps) for dual in duals)


def _carried(dual: Array, old: Site, new: Site, steps: Index) -> Array:
    ours, theirs = new.program.stamp, old.program.stamp
    hours = new.rest.grid.step_h / old.rest.grid.step_h[steps]
    carried = np.zeros(ours.n_rows)
    for name, block in ours.template.rows.blocks.items():
        before = theirs.template.rows.blocks.get(name)
        if block.per_unit or before is None or before.shape[:-1] != block.shape[:-1]:
            continue
        values = dual[theirs.rows_of(name)]
        if block.over_time:
            values = values[..., steps[: block.shape[-1]]] * hours[: block.shape[-1]]
        carried[ours.rows_of(name)] = values
    return carried


def _steps(old: Site, new: Site) -> Index:
    """Return for each new step the old one that its middle lies in; beyond the old horizon, the last."""
    before, now = old.rest.grid, new.rest.grid
    edges = now.edges_h + before.offset_h(now.start)
    middles = (edges[1:] + edges[:-1]) / 2
    return np.asarray(np.clip(np.searchsorted(before.edges_h, middles) - 1, 0, before.n_steps - 1))
