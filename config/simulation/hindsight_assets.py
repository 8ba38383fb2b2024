"""The assets of a station under perfect foresight; nothing is dearer or narrower than in the simulated farm.

An electrolyser is one storage a local day, which its target is due at the end of: it takes any power up to its rating, in no
ramp, at its best efficiency. A flexible load is back at the span's end, on no midnight before. A swap station meets the
swaps that are expected, not those that came, so that with one the optimum is no bound. PV is curtailed as it truly shines.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

import numpy as np

from config.simulation.closed_loop import Scenario
from v2g.assets import Asset, Electrolyser, FlexibleLoad, SwapStation
from v2g.localday import last_midnight, next_midnight
from v2g.observation import AssetState, Reading
from v2g.stating.curtailment import curtailment_unit
from v2g.stating.electrolysers import electrolyser_unit
from v2g.stating.flexible_loads import flexible_unit
from v2g.stating.swap_stations import swap_unit
from v2g.timegrid import Array, TimeGrid
from v2g.unit import Converter, Unit


def asset_units(
    scenario: Scenario, grid: TimeGrid, pv_kw: Array, stored_kwh: Mapping[str, float], best: Callable[[float], float]
) -> list[Unit]:
    """Return the assets as storages on `grid`, for the PV that was possible (n_steps,) [kW].

    `stored_kwh` is what flexible loads hold at the beginning, if that is not their baseline; `best` the highest efficiency at any
    power of an electrolyser by that at rated power.
    """
    site = scenario.site
    units = [u for asset in site.assets for u in _units(asset, grid, site.time_zone, stored_kwh, best)]
    peak_kw = sum(p.peak_kw for p in site.pv)
    return units + [curtailment_unit(p, pv_kw * p.peak_kw / peak_kw, grid) for p in site.pv if p.curtailable and peak_kw]


def _units(
    asset: Asset, grid: TimeGrid, time_zone: str, stored_kwh: Mapping[str, float], best: Callable[[float], float]
) -> Iterator[Unit]:
    match asset:
        case Electrolyser():
            for begin, end in _days(grid, time_zone):
                yield _electrolyser_day(asset, grid, begin, end, best(asset.efficiency))
        case FlexibleLoad():
            yield _flexible(asset, grid, stored_kwh.get(asset.asset_id, asset.band_kwh))
        case SwapStation():
            yield _swaps(asset, grid, time_zone, stored_kwh.get(asset.asset_id))


def _electrolyser_day(asset: Electrolyser, grid: TimeGrid, begin: datetime, end: datetime, efficiency: float) -> Unit:
    here = grid.coverage(begin, end)
    seen_h = float(here @ grid.step_h)
    ideal = replace(asset, charge_min_kw=0.0, ramp_kw_per_h=0.0, efficiency=efficiency)
    unit = electrolyser_unit(ideal, _told(asset.asset_id, 0.0, grid), grid, float(grid.edges_h[-1]))
    return replace(
        unit,
        unit_id=f"{asset.asset_id}@{begin:%Y%m%dT%H}",
        charge_max_kw=unit.charge_max_kw * here,
        target_energy_kwh=asset.target_kwh_per_day * min(seen_h / 24.0, 1.0),
        target_step=int(np.flatnonzero(here)[-1]) + 1 if asset.target_kwh_per_day else 0,
        converter=Converter(),
    )


def _flexible(asset: FlexibleLoad, grid: TimeGrid, initial_kwh: float) -> Unit:
    unit = flexible_unit(asset, _told(asset.asset_id, initial_kwh - asset.band_kwh, grid), grid, float(grid.edges_h[-1]), 0.0)
    least = unit.energy_min_kwh.copy()
    least[-1] = initial_kwh
    return replace(unit, energy_min_kwh=least, target_energy_kwh=0.0, target_step=0)


def _swaps(asset: SwapStation, grid: TimeGrid, time_zone: str, stored_kwh: float | None) -> Unit:
    """Return the packs without a reserve, drained by the swaps expected, as full at the end as at the beginning."""
    n_full = asset.n_packs // 2
    half_kwh = (n_full + (asset.n_packs - n_full) * asset.returned_frac) * asset.pack_kwh
    initial = half_kwh if stored_kwh is None else stored_kwh
    unit = swap_unit(asset, _told(asset.asset_id, initial, grid), grid, time_zone, worth_per_kwh=0.0, v2g=True)
    least = np.zeros(grid.n_steps)
    least[-1] = initial
    return replace(unit, energy_min_kwh=least, converter=Converter())


def _days(grid: TimeGrid, time_zone: str) -> Iterator[tuple[datetime, datetime]]:
    begin = last_midnight(grid.start, time_zone)
    while begin < grid.end:
        end = next_midnight(begin, time_zone)
        yield begin, end
        begin = end


def _told(asset_id: str, stored_kwh: float, grid: TimeGrid) -> AssetState:
    return AssetState(asset_id=asset_id, online=True, stored_kwh=Reading(value=stored_kwh, at=grid.start))
