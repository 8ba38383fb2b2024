"""A flexible load as a storage around its baseline: power is the difference to it, energy how far it is ahead.

Energies are counted from the most it may be behind, so that none is negative: −band_kwh is 0, the baseline band_kwh.
"""

import numpy as np

from v2g.assets import FlexibleLoad
from v2g.observation import AssetState
from v2g.stating.electrolysers import steps_until
from v2g.timegrid import TimeGrid
from v2g.unit import Unit


def flexible_unit(asset: FlexibleLoad, state: AssetState, grid: TimeGrid, midnight_h: float, worth_per_kwh: float) -> Unit:
    """Return the load as a storage; a kWh ahead at the horizon's end, not drawn later, is worth `worth_per_kwh` [currency/kWh].

    It is behind no more at midnight, `midnight_h` [h] after the grid's start, or at the horizon's end if that is sooner. Its state
    must tell `stored_kwh`.
    """
    n, band = grid.n_steps, asset.band_kwh
    energy = band + (state.stored_kwh.value if state.stored_kwh else 0.0)
    return Unit(
        unit_id=asset.asset_id,
        kind=asset.kind,
        circuit_id=asset.circuit_id,
        phases=(1, 2, 3),
        charge_max_kw=np.full(n, asset.flex_up_kw),
        discharge_max_kw=np.full(n, asset.flex_down_kw),
        energy_min_kwh=np.full(n, min(0.0, energy)),
        energy_max_kwh=np.full(n, max(2.0 * band, energy)),
        initial_energy_kwh=energy,
        charge_efficiency=asset.efficiency,
        discharge_efficiency=1.0,
        drain_kwh=asset.drain_kw * grid.step_h,
        wear_cost_per_kwh=0.0,
        target_energy_kwh=band,
        target_step=steps_until(grid, midnight_h),
        priority=asset.priority,
        departure_probability=np.zeros(n),
        terminal_value_per_kwh=worth_per_kwh,
    )
