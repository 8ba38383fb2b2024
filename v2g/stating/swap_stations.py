"""A battery-swap station as one storage: all its packs together, drained by the swaps expected, kept full enough for more.

drain[t]       = expected swaps[t] · (1 − returned)·pack
energy_min[t]  = ready·pack + (n − ready)·returned·pack
ready          = quantile of the swaps asked from t until a pack that comes back at t is full again

A car that comes then finds a full pack with at least that probability. Swaps are over-dispersed (negative binomial: Poisson where
the variance factor is 1). Source: base-stock level for a service level, e.g. Zipkin (2000), "Foundations of Inventory Management",
§6.2, with the refill time as lead time.
"""

from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np

from v2g.assets import SwapStation
from v2g.observation import AssetState
from v2g.timegrid import Array, TimeGrid
from v2g.unit import Converter, Unit

SAMPLE_H = 1 / 12


def swap_unit(asset: SwapStation, state: AssetState, grid: TimeGrid, time_zone: str, *, worth_per_kwh: float, v2g: bool) -> Unit:
    """Return the packs as a storage; its state must tell `stored_kwh`, the energy in all of them.

    A kWh left at the end is worth `worth_per_kwh` less wear [currency/kWh]; packs give back only with `v2g`. Near full fewer packs
    are left to charge: that is the taper.
    """
    stored = state.stored_kwh.value if state.stored_kwh else 0.0
    n, whole, missing = grid.n_steps, asset.n_packs * asset.pack_kwh, (1.0 - asset.returned_frac) * asset.pack_kwh
    swaps = swaps_until(asset, grid, time_zone, grid.edges_h)
    later = swaps_until(asset, grid, time_zone, grid.edges_h[1:] + asset.refill_h)
    ready = np.array([swap_quantile(mean, asset.variance_factor, asset.service_frac) for mean in later - swaps[1:]])
    ready = np.minimum(ready, asset.n_packs)
    return Unit(
        unit_id=asset.asset_id,
        kind=asset.kind,
        circuit_id=asset.circuit_id,
        phases=(1, 2, 3),
        charge_max_kw=np.full(n, asset.charge_max_kw),
        discharge_max_kw=np.full(n, asset.discharge_max_kw * v2g),
        energy_min_kwh=ready * asset.pack_kwh + (asset.n_packs - ready) * asset.returned_frac * asset.pack_kwh,
        energy_max_kwh=np.full(n, max(whole, stored)),
        initial_energy_kwh=stored,
        charge_efficiency=asset.efficiency,
        discharge_efficiency=asset.efficiency,
        drain_kwh=np.diff(swaps) * missing,
        wear_cost_per_kwh=asset.wear_cost_per_kwh,
        departure_probability=np.zeros(n),
        terminal_value_per_kwh=max(worth_per_kwh - asset.wear_cost_per_kwh, 0.0) * asset.efficiency,
        converter=Converter(taper_full_kwh=whole + missing / 2, taper_per_h=asset.pack_charge_kw * asset.efficiency / missing),
    )


def swaps_until(asset: SwapStation, grid: TimeGrid, time_zone: str, offsets_h: Array) -> Array:
    """Return the swaps expected from the grid's start to each of `offsets_h` [h], by the local hours' rates."""
    edges_h = np.arange(0.0, float(offsets_h.max()) + 2 * SAMPLE_H, SAMPLE_H)
    zone = ZoneInfo(time_zone)
    hours = [(grid.start + timedelta(hours=float(h) + SAMPLE_H / 2)).astimezone(zone).hour for h in edges_h[:-1]]
    total = np.concatenate(([0.0], np.cumsum([asset.swaps_per_h[hour] * SAMPLE_H for hour in hours])))
    return np.interp(offsets_h, edges_h, total)


def swap_quantile(mean: float, variance_factor: float, level: float) -> int:
    """Return the least number that the swaps do not exceed with probability `level` < 1, for variance ``variance_factor·mean``."""
    if mean <= 0.0:
        return 0
    shape = mean / (variance_factor - 1.0) if variance_factor > 1.0 else np.inf
    chance = float(np.exp(-mean)) if np.isinf(shape) else variance_factor**-shape
    reached, number = chance, 0
    while reached < level:
        ratio = mean / (number + 1) if np.isinf(shape) else (number + shape) / (number + 1) * (1.0 - 1.0 / variance_factor)
        chance *= ratio
        reached, number = reached + chance, number + 1
    return number
