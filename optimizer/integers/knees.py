"""Above or below the knee: a power that is both in the linear program burns energy that the converter does not.

Burning pays at negative prices, below a taper, where stored energy ages; elsewhere the linear program does not do it, and where it
does without gain the true energies are worth no less. What is broken is decided wherever it is, near or far.
"""

import numpy as np

from optimizer.compiled.stamp import Index
from optimizer.integers.choice import Bounds, closed
from optimizer.integers.exclusive import Exclusive
from optimizer.model.conversion import KNEE, PAIRS
from optimizer.readback import Readback
from v2g.timegrid import Array


class Knees(Exclusive):
    """Pairs of columns above and below a knee."""

    def round(self, _: Array, keys: Index) -> Bounds:
        """Return the columns above closed: idling stays possible."""
        return closed(self.pairs[keys, 0])


def knees(back: Readback) -> Knees | None:
    """Return the knees that powers can pass, None if there is none."""
    if KNEE not in back.program.stamp.template.structure.used:
        return None
    pairs = np.vstack([np.stack([back.places(above), back.places(below)], axis=-1).reshape(-1, 2) for above, below in PAIRS])
    pairs = pairs[(pairs >= 0).all(axis=1)]
    return Knees(pairs, np.ones(len(pairs), dtype=bool), back.is_true)
