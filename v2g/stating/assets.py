"""The assets of an integrated energy station as storages, and what they draw when they cannot be commanded."""

from datetime import timedelta

import numpy as np

from v2g.assets import Asset, Electrolyser, FlexibleLoad, SwapStation
from v2g.localday import next_midnight
from v2g.observation import AssetState, Observation
from v2g.outlook import LEVELS, Outlook
from v2g.site import Site
from v2g.stating.curtailment import curtailment_unit
from v2g.stating.electrolysers import electrolyser_unit
from v2g.stating.flexible_loads import flexible_unit
from v2g.stating.swap_stations import swap_unit
from v2g.unit import Unit

MEDIAN = LEVELS.index(0.5)


def asset_units(site: Site, observation: Observation, outlook: Outlook) -> list[Unit]:
    """Return a storage for each reachable asset, then one for each reachable curtailable PV array, in the site's order."""
    states = {s.asset_id: s for s in observation.assets if s.online and not s.fault}
    told = [(a, states[a.asset_id]) for a in site.assets if a.asset_id in states and states[a.asset_id].stored_kwh]
    peak_kw = sum(p.peak_kw for p in site.pv)
    arrays = [p for p in site.pv if p.curtailable and p.pv_id in states]
    return [
        *(_unit(asset, state, site, outlook) for asset, state in told),
        *(curtailment_unit(p, outlook.pv_kw[MEDIAN] * p.peak_kw / peak_kw, outlook.grid) for p in arrays if peak_kw > 0),
    ]


def _unit(asset: Asset, state: AssetState, site: Site, outlook: Outlook) -> Unit:
    grid = outlook.grid
    worth = float(np.average(outlook.import_price_per_kwh, weights=grid.step_h))
    midnight_h = (next_midnight(grid.start, site.time_zone) - grid.start) / timedelta(hours=1)
    match asset:
        case Electrolyser():
            return electrolyser_unit(asset, state, grid, midnight_h)
        case FlexibleLoad():
            return flexible_unit(asset, state, grid, midnight_h, worth)
        case SwapStation():
            return swap_unit(asset, state, grid, site.time_zone, worth_per_kwh=worth, v2g=site.rules.discharge)


def silent_asset_kw(state: AssetState | None) -> float:
    """Return what an asset that cannot be reached draws [kW, ≥ 0]: what it confirmed for the time of its lease, then nothing."""
    if state is None or state.online:
        return 0.0
    return max(state.acknowledged_kw or 0.0, 0.0)
