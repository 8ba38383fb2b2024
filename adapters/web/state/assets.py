"""Batteries and assets now, as the API tells them."""

from datetime import datetime

from adapters.web.figures import tidy
from adapters.web.state.decided import Decided
from adapters.web.state.models import AssetModel, BatteryModel, LevelModel
from adapters.web.state.readings import reading_view
from v2g.assets import HYDROGEN_KWH_PER_KG, Electrolyser, FlexibleLoad, SwapStation
from v2g.observation import AssetState, Observation
from v2g.site import Site
from v2g.storages import StorageKind


def battery_views(observation: Observation, decided: Decided, now: datetime) -> list[BatteryModel]:
    """Return all stationary batteries, with what the last tick decided for them."""
    return [
        BatteryModel(
            battery_id=state.battery_id,
            online=state.online,
            soc_frac=tidy(state.soc_frac.value) if state.soc_frac else None,
            power_kw=reading_view(state.power_kw, now),
            setpoint_kw=decided.setpoint_kw(state.battery_id),
            acknowledged_kw=None if state.acknowledged_kw is None else tidy(state.acknowledged_kw),
            why=decided.why.get(state.battery_id),
            reason=decided.reason(state.battery_id),
        )
        for state in observation.batteries
    ]


def asset_views(site: Site, observation: Observation, decided: Decided, now: datetime) -> list[AssetModel]:
    """Return all assets and curtailable PV arrays, with what the last tick decided for them."""
    assets = {asset.asset_id: asset for asset in site.assets}
    return [
        AssetModel(
            asset_id=state.asset_id,
            kind=assets[state.asset_id].kind if state.asset_id in assets else StorageKind.PV,
            online=state.online,
            fault=state.fault,
            power_kw=reading_view(state.power_kw, now),
            stored_kwh=reading_view(state.stored_kwh, now),
            possible_kw=reading_view(state.possible_kw, now),
            level=level_view(assets.get(state.asset_id), state),
            setpoint_kw=decided.setpoint_kw(state.asset_id),
            acknowledged_kw=None if state.acknowledged_kw is None else tidy(state.acknowledged_kw),
            why=decided.why.get(state.asset_id),
            reason=decided.reason(state.asset_id),
        )
        for state in observation.assets
    ]


def level_view(asset: Electrolyser | FlexibleLoad | SwapStation | None, state: AssetState) -> LevelModel | None:
    """Return what an asset has made or holds beside what it could; None where it has not told."""
    if asset is None:
        possible = state.possible_kw
        made = None if state.power_kw is None else -state.power_kw.value
        return None if possible is None or made is None else LevelModel(value=tidy(made), full=tidy(possible.value), unit="kW")
    if state.stored_kwh is None:
        return None
    stored = state.stored_kwh.value
    match asset:
        case Electrolyser():
            return LevelModel(value=tidy(stored / HYDROGEN_KWH_PER_KG), full=tidy(asset.target_kg_per_day), unit="kg")
        case FlexibleLoad():
            return LevelModel(value=tidy(stored), full=tidy(asset.band_kwh), unit="kWh")
        case SwapStation():
            return LevelModel(value=tidy(stored), full=tidy(asset.n_packs * asset.pack_kwh), unit="kWh")
