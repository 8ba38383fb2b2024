"""An electrolyser as a storage that is never discharged; what it holds is the hydrogen made since midnight, as heating value.

promise = target                                          due at midnight, where the horizon reaches that far
promise = made + (target − made)·horizon_h/midnight_h     due at the horizon's end, where it does not
"""

from math import inf

import numpy as np

from v2g.assets import Electrolyser
from v2g.observation import AssetState
from v2g.timegrid import TimeGrid
from v2g.unit import Converter, Unit


def electrolyser_unit(asset: Electrolyser, state: AssetState, grid: TimeGrid, midnight_h: float) -> Unit:
    """Return the electrolyser as a storage; midnight comes `midnight_h` [h] after the grid's start.

    Its state must tell `stored_kwh`. Hydrogen beyond the target, and after midnight, is worth nothing to the plan.
    """
    made = state.stored_kwh.value if state.stored_kwh else 0.0
    n, horizon_h = grid.n_steps, float(grid.edges_h[-1])
    target = asset.target_kwh_per_day
    within = min(horizon_h / midnight_h, 1.0)
    return Unit(
        unit_id=asset.asset_id,
        kind=asset.kind,
        circuit_id=asset.circuit_id,
        phases=(1, 2, 3),
        charge_max_kw=np.full(n, asset.charge_max_kw),
        charge_min_kw=asset.charge_min_kw,
        discharge_max_kw=np.zeros(n),
        energy_min_kwh=np.zeros(n),
        energy_max_kwh=np.full(n, made + asset.charge_max_kw * asset.efficiency * horizon_h),
        initial_energy_kwh=made,
        charge_efficiency=asset.efficiency,
        discharge_efficiency=1.0,
        wear_cost_per_kwh=0.0,
        target_energy_kwh=made + max(target - made, 0.0) * within if target else 0.0,
        target_step=steps_until(grid, midnight_h) if target else 0,
        priority=asset.priority,
        departure_probability=np.zeros(n),
        converter=Converter(
            ramp_kw_per_h=asset.ramp_kw_per_h or inf,
            in_force_kw=state.power_kw.value if state.power_kw and asset.ramp_kw_per_h else np.nan,
        ),
    )


def steps_until(grid: TimeGrid, due_h: float) -> int:
    """Return the number of whole steps before `due_h` [h after the grid's start], at least one: the sooner is due at once."""
    return max(int(np.searchsorted(grid.edges_h[1:], due_h + 1e-9, side="right")), 1)
