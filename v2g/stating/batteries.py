"""A stationary battery as a storage."""

import numpy as np

from v2g.observation import BatteryState
from v2g.site import Battery
from v2g.storages import StorageKind
from v2g.timegrid import TimeGrid
from v2g.unit import Unit


def usable(state: BatteryState | None) -> bool:
    """Return whether the battery can be planned with: it answers and tells its charge."""
    return state is not None and state.online and state.soc_frac is not None


def battery_unit(battery: Battery, state: BatteryState, grid: TimeGrid, worth_per_kwh: float) -> Unit:
    """Return the battery as a storage; a kWh left at the end is worth `worth_per_kwh` [currency/kWh] at the site, less wear."""
    energy = battery.usable_kwh * (state.soc_frac.value if state.soc_frac else 0.0)
    n = grid.n_steps
    return Unit(
        unit_id=battery.battery_id,
        kind=StorageKind.BATTERY,
        circuit_id=battery.circuit_id,
        phases=(1, 2, 3),
        charge_max_kw=np.full(n, battery.charge_max_kw),
        discharge_max_kw=np.full(n, battery.discharge_max_kw),
        energy_min_kwh=np.full(n, min(battery.soc_min_frac * battery.usable_kwh, energy)),
        energy_max_kwh=np.full(n, max(battery.soc_max_frac * battery.usable_kwh, energy)),
        initial_energy_kwh=energy,
        charge_efficiency=battery.charge_efficiency,
        discharge_efficiency=battery.discharge_efficiency,
        wear_cost_per_kwh=battery.wear_cost_per_kwh,
        calendar_above_kwh=battery.calendar_above_frac * battery.usable_kwh,
        calendar_price_per_kwh_h=battery.calendar_price_per_kwh_h,
        depth_kwh=battery.depth_kwh,
        depth_price_per_kwh=battery.depth_price_per_kwh,
        departure_probability=np.zeros(n),
        terminal_value_per_kwh=max(worth_per_kwh - battery.wear_cost_per_kwh, 0.0) * battery.discharge_efficiency,
    )
