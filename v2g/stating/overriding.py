"""Cars under a person's order: what the plan counts on is what the projection will let them do."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from v2g.observation import Observation
from v2g.overrides import Override, OverrideKind
from v2g.timegrid import TimeGrid
from v2g.unit import Unit


def overridden(units: Sequence[Unit], observation: Observation, grid: TimeGrid) -> list[Unit]:
    """Return `units`, those under an order within its bounds until it ends.

    One that is to charge now keeps its promise as it is, and misses what lacks to it from the first step on, as if its driver
    could leave after any of the steps until the order ends, one as likely as another.
    """
    orders = {s.evse_id: s.override for s in observation.evses if s.override}
    return [_under(unit, orders[unit.unit_id], grid) if unit.unit_id in orders else unit for unit in units]


def _under(unit: Unit, override: Override, grid: TimeGrid) -> Unit:
    holds = grid.coverage(grid.start, override.until) > 0.0
    bounded = replace(
        unit,
        charge_max_kw=np.where(holds, np.minimum(unit.charge_max_kw, override.ceiling_kw), unit.charge_max_kw),
        discharge_max_kw=np.where(holds, np.minimum(unit.discharge_max_kw, -override.floor_kw), unit.discharge_max_kw),
    )
    if override.kind is not OverrideKind.CHARGE_NOW:
        return bounded
    return replace(bounded, departure_probability=holds / max(holds.sum(), 1))
