"""The assets of an integrated energy station in the site file: one schema a kind, told apart by `kind`."""

from collections.abc import Iterator
from dataclasses import fields
from typing import Annotated, Any, Literal

from pydantic import Field

from config.ranges import model_of
from v2g.assets import HYDROGEN_KWH_PER_KG, Asset, Electrolyser, FlexibleLoad

_ALIASES, _DEFAULTS = {"asset_id": "id", "circuit_id": "circuit"}, {"circuit_id": "grid"}
_Electrolyser: Any = model_of(Electrolyser, _ALIASES, _DEFAULTS)
_FlexibleLoad: Any = model_of(FlexibleLoad, _ALIASES, _DEFAULTS)


class ElectrolyserFile(_Electrolyser):  # type: ignore[misc]  # the base is made from the dataclass
    """An electrolyser with a daily hydrogen target."""

    kind: Literal["electrolyser"]


class FlexibleLoadFile(_FlexibleLoad):  # type: ignore[misc]  # the base is made from the dataclass
    """A part of the building's load that may be shifted in time."""

    kind: Literal["flexible_load"]


AssetFile = Annotated[ElectrolyserFile | FlexibleLoadFile, Field(discriminator="kind")]
_DOMAIN: dict[str, type[Asset]] = {"electrolyser": Electrolyser, "flexible_load": FlexibleLoad}


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
            most_kg = 24.0 * file.charge_max_kw * file.efficiency / HYDROGEN_KWH_PER_KG
            if file.target_kg_per_day > most_kg:
                mend = f"at most {most_kg:.1f}, or more power"
                yield "target_kg_per_day", "no day is long enough for so much hydrogen", mend
        case FlexibleLoadFile():
            if file.drain_kw > file.flex_up_kw * file.efficiency:
                yield "drain_kw", "its buffer loses more than flex_up_kw can bring back", "lower it, or raise flex_up_kw"
