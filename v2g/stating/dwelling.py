"""No flip within the dwell time: who has charged gives nothing back in the steps that begin before it is over, and the reverse."""

from dataclasses import replace

import numpy as np

from v2g.holding import TOLERANCE_H
from v2g.record import Memory
from v2g.storages import StorageKind, Storages
from v2g.timegrid import TimeGrid
from v2g.units import h_from_s


def dwelling(storages: Storages, grid: TimeGrid, memory: Memory, dwell_s: float) -> Storages:
    """Return the storages without the direction that each may not turn to yet, in the steps that begin within its dwell time.

    Production never turns: its setpoint is what it produces, and always negative.
    """
    ends_h, direction = np.zeros(storages.n_units), np.zeros(storages.n_units)
    for i, (unit_id, kind) in enumerate(zip(storages.unit_ids, storages.kinds, strict=True)):
        if unit_id in memory.directions and kind is not StorageKind.PV:
            since, direction[i] = memory.directions[unit_id]
            ends_h[i] = grid.offset_h(since) + h_from_s(dwell_s)
    dwells = grid.edges_h[:-1] < ends_h[:, None] - TOLERANCE_H
    if not dwells.any():
        return storages
    return replace(
        storages,
        charge_max_kw=np.where(dwells & (direction < 0)[:, None], 0.0, storages.charge_max_kw),
        discharge_max_kw=np.where(dwells & (direction > 0)[:, None], 0.0, storages.discharge_max_kw),
    )
