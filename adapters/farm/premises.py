"""All assets of a simulated station in time, with a book of what each really did."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from adapters.farm.assets import Plant, free_shares, plants_of
from adapters.farm.swapping import SwapBook, SwapPlant
from v2g.localday import next_midnight
from v2g.site import Site
from v2g.timegrid import Array
from v2g.units import h_from_s


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetDay:
    """What an asset held at the end of a local day, or of what was seen of it: `hours_h` of the day [h]."""

    stored_kwh: float
    hours_h: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetOutcome:
    """What one asset did: energy drawn and given back beyond load and free PV [kWh at the AC side], and what it held.

    `lowest_kwh` and `highest_kwh` are the extremes of what it held; `days` the local days, the last one as far as it was seen;
    `swaps` what became of a swap station's cars.
    """

    asset_id: str
    drawn_kwh: float
    given_kwh: float
    lowest_kwh: float
    highest_kwh: float
    days: tuple[AssetDay, ...]
    swaps: SwapBook | None = None


class Premises:
    """The plants of a site and their book; arrays are (n_plants,), in the order of `Site.asset_ids`."""

    def __init__(self, site: Site, start: datetime) -> None:
        self.plants: tuple[Plant, ...] = plants_of(site, start)
        self.free_share = free_shares(site)
        self._time_zone = site.time_zone
        self._midnight_s = next_midnight(start, site.time_zone).timestamp()
        n = len(self.plants)
        self._drawn_kwh, self._given_kwh, self._lowest_kwh, self._highest_kwh = np.zeros((4, n))
        self._days: list[tuple[Array, float]] = []
        self._hours_h = 0.0

    @property
    def power_kw(self) -> Array:
        """What each draws beyond the load and the free PV [kW]."""
        return np.array([plant.power_kw for plant in self.plants])

    @property
    def held_back_kw(self) -> float:
        """What the PV arrays hold back together [kW, ≥ 0]."""
        return sum(plant.power_kw for plant in self.plants if plant.possible_kw is not None)

    @property
    def stored_kwh(self) -> Array:
        """What each holds [kWh], 0 for what holds nothing."""
        return np.array([plant.stored_kwh or 0.0 for plant in self.plants])

    def step(self, orders_kw: Array, at_s: float, step_s: float, pv_kw: float) -> None:
        """Let `step_s` seconds pass from `at_s` [s since 1970] under the orders [kW, NaN = none] and the site's free PV [kW]."""
        if not self.plants:
            return
        if at_s >= self._midnight_s:
            self._end_day(at_s)
        step_h = h_from_s(step_s)
        for plant, order_kw, share in zip(self.plants, orders_kw, self.free_share, strict=True):
            plant.step(float(order_kw), step_h, float(share) * pv_kw)
        power_kw, stored_kwh = self.power_kw, self.stored_kwh
        self._drawn_kwh += np.maximum(power_kw, 0.0) * step_h
        self._given_kwh += np.maximum(-power_kw, 0.0) * step_h
        self._lowest_kwh, self._highest_kwh = np.minimum(self._lowest_kwh, stored_kwh), np.maximum(self._highest_kwh, stored_kwh)
        self._hours_h += step_h

    def outcomes(self) -> tuple[AssetOutcome, ...]:
        """Return what each did so far."""
        days = [*self._days, (self.stored_kwh, self._hours_h)]
        return tuple(
            AssetOutcome(
                asset_id=plant.asset_id,
                drawn_kwh=float(self._drawn_kwh[i]),
                given_kwh=float(self._given_kwh[i]),
                lowest_kwh=float(self._lowest_kwh[i]),
                highest_kwh=float(self._highest_kwh[i]),
                days=tuple(AssetDay(stored_kwh=float(stored[i]), hours_h=hours) for stored, hours in days if hours > 0.0),
                swaps=plant.book if isinstance(plant, SwapPlant) else None,
            )
            for i, plant in enumerate(self.plants)
        )

    def _end_day(self, at_s: float) -> None:
        self._days.append((self.stored_kwh, self._hours_h))
        self._hours_h = 0.0
        for plant in self.plants:
            plant.end_day()
        self._midnight_s = next_midnight(datetime.fromtimestamp(at_s, UTC), self._time_zone).timestamp()
