"""A curtailable PV array as a sink: it takes of the expected production what is not to be produced, and holds it for nothing."""

import numpy as np

from v2g.site import PvArray
from v2g.storages import StorageKind
from v2g.timegrid import Array, TimeGrid
from v2g.unit import Unit

SPARING_PER_KWH = 1e-3
"""A curtailed kWh costs this much, so that at an export price of 0 nothing is curtailed without need."""


def curtailment_unit(array: PvArray, expected_kw: Array, grid: TimeGrid) -> Unit:
    """Return the array's curtailment, at most `expected_kw` (n_steps,) [kW], as a storage that is charged with it."""
    n, most_kw = grid.n_steps, np.maximum(expected_kw, 0.0)
    return Unit(
        unit_id=array.pv_id,
        kind=StorageKind.PV,
        circuit_id=array.circuit_id,
        phases=(1, 2, 3),
        charge_max_kw=most_kw,
        discharge_max_kw=np.zeros(n),
        energy_min_kwh=np.zeros(n),
        energy_max_kwh=np.full(n, float(most_kw @ grid.step_h)),
        initial_energy_kwh=0.0,
        charge_efficiency=1.0,
        discharge_efficiency=1.0,
        wear_cost_per_kwh=0.0,
        departure_probability=np.zeros(n),
        terminal_value_per_kwh=-SPARING_PER_KWH,
    )
