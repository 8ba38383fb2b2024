"""The assets of an integrated energy station in the site file: one schema a kind, told apart by `kind`."""

from collections.abc import Iterator
from dataclasses import fields
from typing import Annotated, Any, Literal

from pydantic import Field

from config.reading.ranges import model_of
from v2g.assets import HYDROGEN_KWH_PER_KG, Asset, Electrolyser, FlexibleLoad, SwapStation

HOURS_A_DAY = 24
_ALIASES, _DEFAULTS = {"asset_id": "id", "circuit_id": "circuit"}, {"circuit_id": "grid"}
_Electrolyser: Any = model_of(Electrolyser, _ALIASES, _DEFAULTS)
_FlexibleLoad: Any = model_of(FlexibleLoad, _ALIASES, _DEFAULTS)
_SwapStation: Any = model_of(SwapStation, _ALIASES, _DEFAULTS)


class ElectrolyserFile(_Electrolyser):  # type: ignore[misc]  # the base is made from the dataclass
    """An electrolyser with a daily hydrogen target."""

    kind: Literal["electrolyser"]


class FlexibleLoadFile(_FlexibleLoad):  # type: ignore[misc]  # the base is made from the dataclass
    """A part of the building's load that may be shifted in time."""

    kind: Literal["flexible_load"]


class SwapStationFile(_SwapStation):  # type: ignore[misc]  # the base is made from the dataclass
    """A battery-swap station."""

    kind: Literal["swap"]


AssetFile = Annotated[ElectrolyserFile | FlexibleLoadFile | SwapStationFile, Field(discriminator="kind")]
_DOMAIN: dict[str, type[Asset]] = {"electrolyser": Electrolyser, "flexible_load": FlexibleLoad, "swap": SwapStation}


def build_asset(file: Any) -> Asset:
    """Return the asset that `file`, one of `AssetFile`, describes."""
    kind = _DOMAIN[file.kind]
    return kind(**{field.name: getattr(file, field.name) for field in fields(kind)})


def asset_faults(file: Any) -> Iterator[tuple[str, str, str]]:
    """Yield (field, what is wrong, the mend) of what an asset's fields cannot say by themselves."""
    match file:
        case ElectrolyserFile():
            if file.charge_min_kw > file.charge_max_kw:
                yield "charge_min_kw", "the minimum load is above the rated power", "charge_min_kw ≤ charge_max_kw"
            most_kg = _day_kwh(file.charge_max_kw, file.ramp_kw_per_h) * file.efficiency / HYDROGEN_KWH_PER_KG
            if file.target_kg_per_day > most_kg:
                mend = f"at most {most_kg:.1f}, or more power or a faster ramp"
                yield "target_kg_per_day", "no day is long enough for so much hydrogen", mend
        case FlexibleLoadFile():
            if file.flex_up_kw == file.flex_down_kw == 0:
                yield "flex_up_kw", "its power cannot move", "give flex_up_kw and flex_down_kw, or leave the asset out"
            if file.band_kwh == 0:
                yield "band_kwh", "it can neither be ahead nor behind", "give a band above 0, or leave the asset out"
            if file.drain_kw > file.flex_up_kw * file.efficiency:
                yield "drain_kw", "its buffer loses more than flex_up_kw can bring back", "lower it, or raise flex_up_kw"
        case SwapStationFile():
            yield from _swap_faults(file)


def _day_kwh(most_kw: float, ramp_kw_per_h: float) -> float:
    """Return the most that a plant at rest at midnight can draw until the next [kWh]; a ramp of 0 is none."""
    if ramp_kw_per_h == 0:
        return HOURS_A_DAY * most_kw
    rising_h = min(most_kw / ramp_kw_per_h, HOURS_A_DAY)
    return ramp_kw_per_h * rising_h * (HOURS_A_DAY - rising_h / 2)


def _swap_faults(file: Any) -> Iterator[tuple[str, str, str]]:
    if len(file.swaps_per_h) != HOURS_A_DAY:
        message = f"{len(file.swaps_per_h)} rates for the {HOURS_A_DAY} hours of a day"
        yield "swaps_per_h", message, "give one an hour, from midnight on"
    if file.pack_kwh <= 0 or file.pack_charge_kw <= 0:
        yield "pack_charge_kw", "packs without capacity or charger", "give pack_kwh and pack_charge_kw above 0"
    if file.variance_factor < 1:
        yield "variance_factor", "swaps vary less than by chance", "1 (chance alone) or more"
    for name in ("returned_frac", "service_frac"):
        if getattr(file, name) >= 1:
            yield name, "it must stay below 1", "give a smaller share"
