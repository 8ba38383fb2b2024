"""The batteries of a station, cars and stationary ones, as arrays: one code path for one car and for thousands."""

import numpy as np

from adapters.farm import physics
from adapters.farm.cabinet import Cabinets
from adapters.farm.visit import BMS_FLOOR_FRAC, Visit
from v2g.site import Battery, Site
from v2g.timegrid import Array
from v2g.units import h_from_s

RAMP_S = 10.0
"""A car rises from nothing to its rated power in this time; it cuts at once (IEC 61851-1 leaves it 5 s to follow a lower pilot)."""
LEAST_RATED_KW = 1e-3
NO_TAPER_FRAC = 1.0 - 1e-9


class Fleet:
    """State of every unit: outlets first, then stationary batteries, in the site's order.

    All attributes are (n_units,). `running_kw` is the AC power at the end of the last step, `power_kw` its mean over that
    step [kW, + into the unit]; `stored_kwh` the energy in the battery; `imported_kwh` and `exported_kwh` are the
    outlets' meter registers, which never fall.
    """

    def __init__(self, site: Site, *, battery_soc_frac: float = 0.5) -> None:
        self.evses, self.batteries = site.evses, site.batteries
        self.unit_ids = (*(e.evse_id for e in site.evses), *(b.battery_id for b in site.batteries))
        self.n_outlets = len(site.evses)
        n = self.n_outlets + len(site.batteries)
        self.charge_min_kw = np.array([*(e.charge_min_kw for e in site.evses), *(0.0 for _ in site.batteries)])
        self.charge_max_kw, self.discharge_max_kw, self.battery_max_kw = np.zeros(n), np.zeros(n), np.zeros(n)
        self.capacity_kwh, self.stored_kwh = np.ones(n), np.zeros(n)
        self.floor_kwh, self.ceiling_kwh = np.zeros(n), np.zeros(n)
        self.taper_from_frac = np.full(n, physics.TAPER_FROM_FRAC)
        self.wake_s, self.wake_left_s = np.zeros(n), np.zeros(n)
        self.rated_kw = np.full(n, LEAST_RATED_KW)
        self.charge_efficiency = np.array([*(e.efficiency for e in site.evses), *(b.charge_efficiency for b in site.batteries)])
        self.discharge_efficiency = np.array(
            [*(e.efficiency for e in site.evses), *(b.discharge_efficiency for b in site.batteries)]
        )
        self.charging = physics.losses_of(self.charge_efficiency, self.rated_kw)
        self.discharging = physics.losses_of(self.discharge_efficiency, self.rated_kw)
        self.cabinets = Cabinets(site, n)
        self.running_kw, self.power_kw = np.zeros(n), np.zeros(n)
        self.imported_kwh, self.exported_kwh = np.zeros(n), np.zeros(n)
        for unit, battery in enumerate(site.batteries, start=self.n_outlets):
            self._install(unit, battery, battery_soc_frac)

    @property
    def soc_frac(self) -> Array:
        """State of charge, 0..1 (n_units,); 0 where no car is plugged in."""
        return self.stored_kwh / self.capacity_kwh

    @property
    def batteries_kwh(self) -> dict[str, float]:
        """The energy in each stationary battery, by its name [kWh]."""
        stored_kwh = self.stored_kwh[self.n_outlets :].tolist()
        return dict(zip((b.battery_id for b in self.batteries), stored_kwh, strict=True))

    def plug(self, unit: int, visit: Visit) -> None:
        """Plug the car of `visit` in at outlet `unit`, in the state in which it arrives. The outlet must be free."""
        evse = self.evses[unit]
        self.capacity_kwh[unit], self.stored_kwh[unit] = visit.capacity_kwh, visit.arrival_kwh
        self.floor_kwh[unit], self.ceiling_kwh[unit] = BMS_FLOOR_FRAC * visit.capacity_kwh, visit.charge_limit_kwh
        self.wake_s[unit] = self.wake_left_s[unit] = visit.wake_s
        self.taper_from_frac[unit] = visit.taper_from_frac
        self._rate(unit, min(evse.charge_max_kw, visit.charge_max_kw), min(evse.discharge_max_kw, visit.discharge_max_kw))

    def unplug(self, unit: int) -> float:
        """Take the car away and return the energy in its battery [kWh]."""
        left_kwh = float(self.stored_kwh[unit])
        for array in (self.stored_kwh, self.floor_kwh, self.ceiling_kwh, self.running_kw, self.power_kw):
            array[unit] = 0.0
        self._rate(unit, 0.0, 0.0)
        self.capacity_kwh[unit] = 1.0
        return left_kwh

    def appetite_kw(self, step_s: float) -> Array:
        """Return the AC power that each unit would take now if it were let, for a step of `step_s` [s]."""
        room_kw = _positive(self.ceiling_kwh - self.stored_kwh) / h_from_s(step_s)
        into_kw = np.minimum(room_kw, self.battery_max_kw * physics.taper_frac(self.soc_frac, self.taper_from_frac))
        return np.minimum(physics.ac_kw_to_charge(into_kw, self.charging), self.charge_max_kw)

    def step(self, ceiling_kw: Array, step_s: float) -> None:
        """Let `step_s` seconds pass under `ceiling_kw`: ≥ 0 the most a unit may draw, < 0 the power it is to give back [kW]."""
        step_h = h_from_s(step_s)
        appetite_kw = self.appetite_kw(step_s)
        wanted = physics.wanted_kw(ceiling_kw, self.charge_min_kw, self.charge_max_kw, self.discharge_max_kw)
        let = self.cabinets.serve(np.minimum(wanted, appetite_kw), step_s)
        awake = np.clip(1.0 - self.wake_left_s / step_s, 0.0, 1.0)
        self.wake_left_s = np.where(wanted == 0.0, self.wake_s, np.maximum(self.wake_left_s - step_s, 0.0))
        rise_kw = self.rated_kw / RAMP_S * awake * step_s
        ramped = np.clip(let, np.minimum(self.running_kw, 0.0) - rise_kw, np.maximum(self.running_kw, 0.0) + rise_kw)
        give_kw = physics.ac_kw_to_discharge(_positive(self.stored_kwh - self.floor_kwh) / step_h, self.discharging)
        self.running_kw = np.clip(ramped, -give_kw, appetite_kw)
        self.power_kw = self.running_kw * awake
        self.stored_kwh = self.stored_kwh + physics.battery_kw(self.running_kw, self.charging, self.discharging) * awake * step_h
        self.imported_kwh = self.imported_kwh + np.maximum(self.power_kw, 0.0) * step_h
        self.exported_kwh = self.exported_kwh + np.maximum(-self.power_kw, 0.0) * step_h

    def _install(self, unit: int, battery: Battery, soc_frac: float) -> None:
        self.capacity_kwh[unit], self.stored_kwh[unit] = battery.usable_kwh, soc_frac * battery.usable_kwh
        self.floor_kwh[unit] = battery.soc_min_frac * battery.usable_kwh
        self.ceiling_kwh[unit] = battery.soc_max_frac * battery.usable_kwh
        self.taper_from_frac[unit] = NO_TAPER_FRAC
        self._rate(unit, battery.charge_max_kw, battery.discharge_max_kw)

    def _rate(self, unit: int, charge_max_kw: float, discharge_max_kw: float) -> None:
        self.charge_max_kw[unit], self.discharge_max_kw[unit] = charge_max_kw, discharge_max_kw
        self.rated_kw[unit] = max(charge_max_kw, discharge_max_kw, LEAST_RATED_KW)
        self.charging = physics.losses_of(self.charge_efficiency, self.rated_kw)
        self.discharging = physics.losses_of(self.discharge_efficiency, self.rated_kw)
        self.battery_max_kw = physics.battery_kw(self.charge_max_kw, self.charging, self.discharging)


def _positive(energy_kwh: Array) -> Array:
    return np.where(energy_kwh > physics.NOTHING_KWH, energy_kwh, 0.0)
