"""The feeder tree and the money at its root; + is into the site."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from v2g.commitments import CapacityContract, Carbon, Dispatch
from v2g.timegrid import Array

N_PHASES = 3


def phase_share(phases: Sequence[int]) -> Array:
    """Return the share of its power that a unit on `phases` (of 1, 2, 3) draws on each phase, (3,)."""
    return np.array([(phase + 1 in phases) / len(phases) for phase in range(N_PHASES)])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Circuits:
    """The feeder tree, m circuits by T steps; circuit 0 is the root, the grid connection.

    Parameters
    ----------
    circuit_ids : (m,)
        Names.
    parent_index : (m,) int64
        Index of each parent, −1 for the root; a parent stands before its children.
    import_limit_kw, export_limit_kw : (m, T)
        Bounds of the three-phase sum [kW, ≥ 0, inf = none].
    phase_limit_kw : (m, 3)
        Bound of each phase's power in either direction [kW, inf = none].
    fixed_kw : (m, T)
        Expected uncontrolled net power at the circuit itself (load − PV) [kW], spread evenly over the phases but for the skew.
    fixed_margin_kw : (m, T)
        How much more that could be, counted at the import limits only [kW, ≥ 0].
    module_kw : (m,) or None
        Size of the power modules of a shared cabinet [kW]: the units directly at the circuit get whole modules each, and
        ``Σ ⌈power/module_kw⌉·module_kw`` keeps the circuit's limits; 0 = no modules. None = no cabinets.
    fixed_skew_kw : (m, 3, T) or None
        What each phase carries of the fixed power beyond a third of it [kW]; phases sum to 0. None = evenly spread.
    """

    circuit_ids: tuple[str, ...]
    parent_index: NDArray[np.int64]
    import_limit_kw: Array
    export_limit_kw: Array
    phase_limit_kw: Array
    fixed_kw: Array
    fixed_margin_kw: Array
    module_kw: Array | None = None
    fixed_skew_kw: Array | None = None

    @property
    def n_circuits(self) -> int:
        """Number of circuits."""
        return len(self.circuit_ids)

    def above(self) -> Array:
        """Return (m, m): 1 where a circuit (row) is another one (column) or above it."""
        above = np.eye(self.n_circuits)
        for i in range(1, self.n_circuits):
            above[:, i] += above[:, self.parent_index[i]]
        return above


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Connection:
    """Money at the grid connection.

    `import_price_per_kwh` and `export_price_per_kwh` are (T,) [currency/kWh]. The demand charge is
    ``demand_charge_per_kw · max(0, highest mean import of a step − peak_so_far_kw)``. What is None is not there.
    """

    import_price_per_kwh: Array
    export_price_per_kwh: Array
    demand_charge_per_kw: float = 0.0
    peak_so_far_kw: float = 0.0
    contract: CapacityContract | None = None
    carbon: Carbon | None = None
    dispatch: Dispatch | None = None
