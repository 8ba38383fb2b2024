"""A simulated battery-swap station, pack by pack: which are full, who gets one, who waits and who drives on."""

from dataclasses import dataclass
from datetime import datetime
from math import isnan
from zoneinfo import ZoneInfo

import numpy as np

from adapters.farm import physics
from v2g.assets import SwapStation
from v2g.timegrid import Array

FULL_FRAC = 0.995
RETURNED_SD_FRAC = 0.08
LEAST_RETURNED_FRAC, MOST_RETURNED_FRAC = 0.05, 0.6
PATIENCE_H = 0.25
"""Who has waited so long drives on."""
SEED = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class SwapBook:
    """Cars that asked for a pack, that got one, that drove on without; hours waited by those who got one [h]."""

    asked: int
    served: int
    refused: int
    waited_h: float


class SwapPlant:
    """Packs on their chargers. Power goes to the fullest first, so that some are soon full, and comes from the emptiest.

    Cars come at random by the local hour's rate, over-dispersed as the site file says; `begins` is when the simulation does.
    """

    possible_kw: float | None = None
    may_wait = True

    def __init__(self, asset: SwapStation, begins: datetime | None, time_zone: str) -> None:
        self.asset_id, self.circuit_id = asset.asset_id, asset.circuit_id
        self.charge_max_kw, self.discharge_max_kw = asset.charge_max_kw, asset.discharge_max_kw
        self._asset, self.power_kw = asset, 0.0
        local = begins.astimezone(ZoneInfo(time_zone)) if begins else None
        self._hour = local.hour + local.minute / 60 + local.second / 3600 if local else 0.0
        self._rng = np.random.default_rng(SEED)
        n_full = asset.n_packs // 2
        self.soc_frac = np.array([*[1.0] * n_full, *[asset.returned_frac] * (asset.n_packs - n_full)])
        self._waiting: list[float] = []
        self._asked = self._served = self._refused = 0
        self._waited_h = 0.0
        self._losses = physics.losses_of(np.array(asset.efficiency), np.array(max(asset.pack_charge_kw, asset.pack_discharge_kw)))
        self._full_kw = float(physics.battery_kw(np.array(asset.pack_charge_kw), self._losses, self._losses))

    @property
    def stored_kwh(self) -> float | None:
        """The energy in all packs."""
        return float(self.soc_frac.sum()) * self._asset.pack_kwh

    @property
    def book(self) -> SwapBook:
        """What became of the cars."""
        return SwapBook(asked=self._asked, served=self._served, refused=self._refused, waited_h=self._waited_h)

    def step(self, order_kw: float, step_h: float, free_kw: float) -> None:
        """Charge or discharge as told, nothing without an order; then let the cars come."""
        del free_kw
        order_kw = 0.0 if isnan(order_kw) else order_kw
        self.power_kw = self._charge(order_kw, step_h) if order_kw >= 0.0 else -self._discharge(-order_kw, step_h)
        self._swap(step_h)
        self._hour = (self._hour + step_h) % 24.0

    def usual_kw(self, step_h: float) -> float:
        """Return the order to charge whatever is not full: what the packs would take in a step of `step_h` [h]."""
        return float(self._appetite_kw(step_h).sum())

    def end_day(self) -> None:
        """Go on; the clock strikes midnight."""
        self._hour = 0.0

    def _charge(self, most_kw: float, step_h: float) -> float:
        appetite_kw, drawn_kw = self._appetite_kw(step_h), 0.0
        for pack in np.argsort(-self.soc_frac, kind="stable"):
            power = min(float(appetite_kw[pack]), most_kw - drawn_kw)
            self._store(int(pack), power, step_h)
            drawn_kw += max(power, 0.0)
        return drawn_kw

    def _appetite_kw(self, step_h: float) -> Array:
        """Return what each pack would take for `step_h` [h] if it were let, (n_packs,)."""
        room_kw = np.minimum((1.0 - self.soc_frac) * self._asset.pack_kwh / step_h, self._full_kw)
        return np.minimum(physics.ac_kw_to_charge(room_kw, self._losses), self._asset.pack_charge_kw)

    def _discharge(self, most_kw: float, step_h: float) -> float:
        asset, given_kw = self._asset, 0.0
        for pack in np.argsort(self.soc_frac, kind="stable"):
            spare_kw = max(self.soc_frac[pack] - asset.returned_frac, 0.0) * asset.pack_kwh / step_h
            able = float(physics.ac_kw_to_discharge(np.array(spare_kw), self._losses))
            power = min(able, asset.pack_discharge_kw, most_kw - given_kw)
            self._store(int(pack), -power, step_h)
            given_kw += max(power, 0.0)
        return given_kw

    def _store(self, pack: int, power_kw: float, step_h: float) -> None:
        if abs(power_kw) > physics.SLACK_KW:
            into_kw: Array = physics.battery_kw(np.array(power_kw), self._losses, self._losses)
            self.soc_frac[pack] = np.clip(self.soc_frac[pack] + float(into_kw) * step_h / self._asset.pack_kwh, 0.0, 1.0)

    def _swap(self, step_h: float) -> None:
        come = self._come(self._asset.swaps_per_h[int(self._hour) % 24] * step_h)
        self._asked += come
        self._waiting += [0.0] * come
        while self._waiting and self.soc_frac.max() >= FULL_FRAC:
            self._waited_h += self._waiting.pop(0)
            self._served += 1
            returned = self._rng.normal(self._asset.returned_frac, RETURNED_SD_FRAC)
            self.soc_frac[np.argmax(self.soc_frac)] = np.clip(returned, LEAST_RETURNED_FRAC, MOST_RETURNED_FRAC)
        waited = [hours + step_h for hours in self._waiting]
        self._waiting = [hours for hours in waited if hours <= PATIENCE_H]
        self._refused += len(waited) - len(self._waiting)

    def _come(self, mean: float) -> int:
        factor = self._asset.variance_factor
        if mean <= 0.0 or factor <= 1.0:
            return int(self._rng.poisson(max(mean, 0.0)))
        return int(self._rng.negative_binomial(mean / (factor - 1.0), 1.0 / factor))
