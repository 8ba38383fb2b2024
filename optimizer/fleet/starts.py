"""Duals of one site's rows as those of another site with the same network."""

import numpy as np

from optimizer.fleet.site import Site
from v2g.timegrid import Array


def carry_duals(dual: Array, old: Site, new: Site) -> Array:
    """Return the duals of one site's rows as those of another's, on the same steps and circuits: 0 where a row is new."""
    ours, theirs = new.program.stamp, old.program.stamp
    carried = np.zeros(ours.n_rows)
    for name, block in ours.template.rows.blocks.items():
        before = theirs.template.rows.blocks.get(name)
        if not block.per_unit and before is not None and before.shape == block.shape:
            carried[ours.rows_of(name)] = dual[theirs.rows_of(name)]
    return carried
