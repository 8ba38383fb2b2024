"""The assets of a simulated station: electrolyser, flexible load and PV inverter do what they are told, as far as they can."""

from datetime import datetime
from math import inf, isnan
from typing import Protocol

import numpy as np

from adapters.farm import physics
from adapters.farm.swapping import SwapPlant
from v2g.assets import Asset, Electrolyser, FlexibleLoad, SwapStation
from v2g.site import PvArray, Site
from v2g.timegrid import Array


class Plant(Protocol):
    """One asset. `power_kw` is what it draws beyond the load and the free PV [kW], `stored_kwh` what it tells to hold.

    `possible_kw` is what a PV inverter could produce now [kW, ≥ 0]; None for the others. `may_wait` says whether what it usually
    draws can be put off without a plan: then it shares scarce room with the cars.
    """

    asset_id: str
    circuit_id: str
    charge_max_kw: float
    discharge_max_kw: float
    power_kw: float
    possible_kw: float | None
    may_wait: bool

    @property
    def stored_kwh(self) -> float | None:
        """The energy held [kWh], None for what holds nothing."""
        ...

    def step(self, order_kw: float, step_h: float, free_kw: float) -> None:
        """Let `step_h` [h] pass under the order [kW, NaN = none]; `free_kw` is what it could produce [kW, ≥ 0]."""
        ...

    def usual_kw(self, step_h: float) -> float:
        """Return the order that it would get from nobody's plan for a step of `step_h` [h], which it can follow [kW]."""
        ...

    def end_day(self) -> None:
        """Begin to count anew: the site's midnight."""
        ...


class ElectrolyserPlant:
    """Draws what it is told between its minimum and its rating, in ramps; less than the minimum means off.

    Its losses depend on power as a converter's do (`physics`): best near 70 % of its rating, far worse at the minimum.
    """

    discharge_max_kw = 0.0
    possible_kw: float | None = None
    may_wait = False

    def __init__(self, asset: Electrolyser) -> None:
        self.asset_id, self.circuit_id, self.charge_max_kw = asset.asset_id, asset.circuit_id, asset.charge_max_kw
        self._asset, self.power_kw = asset, 0.0
        self.stored_kwh: float | None = 0.0
        self._losses = physics.losses_of(np.array([asset.efficiency]), np.array([asset.charge_max_kw]))
        self._flat_kw = self._flat_power_kw()

    def step(self, order_kw: float, step_h: float, free_kw: float) -> None:
        """Ramp towards the order; make hydrogen."""
        del free_kw
        wanted = 0.0 if isnan(order_kw) or order_kw < self._asset.charge_min_kw - physics.SLACK_KW else order_kw
        ramp_kw = (self._asset.ramp_kw_per_h or inf) * step_h
        self.power_kw = min(max(wanted, self.power_kw - ramp_kw), self.power_kw + ramp_kw, self.charge_max_kw)
        made_kw = physics.battery_kw(np.array([self.power_kw]), self._losses, self._losses)
        self.stored_kwh = (self.stored_kwh or 0.0) + float(made_kw[0]) * step_h

    def usual_kw(self, step_h: float) -> float:
        """Return the flat power that makes the target in a day."""
        del step_h
        return self._flat_kw

    def end_day(self) -> None:
        """Count the hydrogen of a new day."""
        self.stored_kwh = 0.0

    def _flat_power_kw(self) -> float:
        asset = self._asset
        flat_kw = np.linspace(asset.charge_min_kw, asset.charge_max_kw, 1001)
        enough = physics.battery_kw(flat_kw, self._losses, self._losses) * 24.0 >= asset.target_kwh_per_day
        return float(flat_kw[enough][0]) if enough.any() else asset.charge_max_kw


class FlexiblePlant:
    """Draws more or less than its baseline as told; a thermostat of its own keeps it within its band, whatever it is told."""

    possible_kw: float | None = None
    may_wait = False

    def __init__(self, asset: FlexibleLoad) -> None:
        self.asset_id, self.circuit_id = asset.asset_id, asset.circuit_id
        self.charge_max_kw, self.discharge_max_kw = asset.flex_up_kw, asset.flex_down_kw
        self._asset, self.power_kw = asset, 0.0
        self.stored_kwh: float | None = 0.0

    def step(self, order_kw: float, step_h: float, free_kw: float) -> None:
        """Follow the order as far as the band lets it; without one, make up for what its buffer loses."""
        del free_kw
        asset, ahead = self._asset, self.stored_kwh or 0.0
        lost_kwh = asset.drain_kw * step_h
        wanted = self.usual_kw(step_h) if isnan(order_kw) else min(max(order_kw, -self.discharge_max_kw), self.charge_max_kw)
        most_kwh, least_kwh = asset.band_kwh - ahead + lost_kwh, -asset.band_kwh - ahead + lost_kwh
        gain_kwh = min(max(wanted * step_h * (asset.efficiency if wanted > 0.0 else 1.0), least_kwh), most_kwh)
        self.power_kw = gain_kwh / step_h / (asset.efficiency if gain_kwh > 0.0 else 1.0)
        self.stored_kwh = ahead + gain_kwh - lost_kwh

    def usual_kw(self, step_h: float) -> float:
        """Return what keeps it where it is."""
        del step_h
        return self._asset.drain_kw / self._asset.efficiency

    def end_day(self) -> None:
        """Go on: it counts from its baseline, not by the day."""


class PvPlant:
    """A PV inverter: an order of −20 kW lets it produce 20 kW; `power_kw` is what it holds back."""

    charge_max_kw = 0.0
    stored_kwh: float | None = None
    may_wait = False

    def __init__(self, array: PvArray) -> None:
        self.asset_id, self.circuit_id, self.discharge_max_kw = array.pv_id, array.circuit_id, array.peak_kw
        self.power_kw = 0.0
        self.possible_kw: float | None = 0.0

    def step(self, order_kw: float, step_h: float, free_kw: float) -> None:
        """Hold back what is above the order."""
        del step_h
        self.possible_kw = free_kw
        self.power_kw = 0.0 if isnan(order_kw) else max(free_kw + min(order_kw, 0.0), 0.0)

    def usual_kw(self, step_h: float) -> float:
        """Return the order to produce all it can."""
        del step_h
        return -self.discharge_max_kw

    def end_day(self) -> None:
        """Go on: nothing is counted."""


def plants_of(site: Site, begins: datetime | None = None) -> tuple[Plant, ...]:
    """Return a plant for each of `Site.asset_ids`, for a simulation that begins then (else at midnight)."""
    return (*(_plant(asset, site, begins) for asset in site.assets), *(PvPlant(p) for p in site.pv if p.curtailable))


def free_shares(site: Site) -> Array:
    """Return each plant's share of the site's PV production, 0 for what is no PV array, (n_plants,)."""
    peak_kw = sum(p.peak_kw for p in site.pv)
    shares = [p.peak_kw / peak_kw if peak_kw else 0.0 for p in site.pv if p.curtailable]
    return np.array([*(0.0 for _ in site.assets), *shares])


def _plant(asset: Asset, site: Site, begins: datetime | None) -> Plant:
    match asset:
        case Electrolyser():
            return ElectrolyserPlant(asset)
        case FlexibleLoad():
            return FlexiblePlant(asset)
        case SwapStation():
            return SwapPlant(asset, begins, site.time_zone)
