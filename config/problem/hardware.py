"""The problem file's hardware: converters and ageing of storages, discharge caps, power modules. Schema, reading and writing."""

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from config.problem.numbers import LARGEST, Name, NonNegative, Number, Shares, Sizes, Unlimited, known, short, wide
from config.reading.ranges import Strict
from v2g.converters import Ageing, Converters, DischargeCaps
from v2g.errors import ProblemError
from v2g.timegrid import Array


class ConverterFile(Strict):
    """What keeps a storage from any power at any time; ideal where nothing is said."""

    power_step_kw: NonNegative = Field(default=0.0, description="Setpoints are whole multiples of this [kW]; 0 = any power.")
    rest_h: NonNegative = Field(default=0.0, description="Least time at zero between charging and discharging [h].")
    ramp_kw_per_h: Unlimited = Field(default=None, description="Most change of power in an hour [kW/h]; null = any.")
    in_force_kw: Number | None = Field(default=None, description="Power at the start, + charges [kW]; null = unknown.")
    taper_full_kwh: Unlimited = Field(default=None, description="Energy at which the taper ends [kWh]; null = no taper.")
    taper_per_h: Unlimited = Field(
        default=None, description="It takes at most this times what lacks to taper_full_kwh [1/h]; null = no taper."
    )
    knee_kw: Unlimited = Field(default=None, description="Power above which more is lost [kW]; null = none.")
    knee_loss_frac: Annotated[float, Field(ge=0, lt=1, strict=True)] = Field(
        default=0.0, description="Share lost of the power above the knee."
    )
    standby_kw: NonNegative = Field(default=0.0, description="Extra loss near zero power, gone at the knee [kW].")


class AgeingFile(Strict):
    """What use and time cost a battery, beyond wear_cost_per_kwh."""

    calendar_above_kwh: NonNegative = Field(default=0.0, description="Stored energy above this ages [kWh].")
    calendar_price_per_kwh_h: NonNegative = Field(
        default=0.0, description="Price of a kWh above it for an hour [currency/(kWh·h)]."
    )
    depth_kwh: Sizes = Field(default=(), description="Segments of cycle depth, shallow ones first [kWh].")
    depth_price_per_kwh: Sizes = Field(
        default=(), description="Price of a kWh taken out of each, rising with depth [currency/kWh]."
    )


class CapFile(Strict):
    """A span of time in which storages may give back only so much."""

    window: Shares = Field(default=(1.0,), description="Share of each step that lies in the span.")
    most_kwh: dict[Name, Annotated[float, Field(ge=0, le=LARGEST, strict=True)]] = Field(
        description="What each storage, by its id, may still discharge in the span [kWh]; who is not named has no cap."
    )


ENDLESS = ("ramp_kw_per_h", "taper_full_kwh", "taper_per_h", "knee_kw")


def read_converters(files: Sequence[ConverterFile | None]) -> Converters | None:
    """Return the converters of all storages, None if nobody tells of any."""
    if all(file is None for file in files):
        return None
    rows = [file or ConverterFile() for file in files]

    def column(name: str) -> Array:
        empty = np.inf if name in ENDLESS else np.nan
        return np.array([empty if getattr(row, name) is None else getattr(row, name) for row in rows], dtype=np.float64)

    return Converters(**{name: column(name) for name in Converters.__slots__})


def dump_converter(c: Converters | None, i: int) -> dict[str, Any]:
    """Return the `converter` of a storage."""
    return {} if c is None else {"converter": {name: known(getattr(c, name)[i]) for name in Converters.__slots__}}


def read_ageing(files: Sequence[AgeingFile | None]) -> Ageing | None:
    """Return the ageing of all storages, None if nobody tells of any; who has fewer depths than others has empty ones behind."""
    if all(file is None for file in files):
        return None
    rows = [file or AgeingFile() for file in files]
    for i, row in enumerate(rows):
        if len(row.depth_kwh) != len(row.depth_price_per_kwh):
            place = f"storages[{i}].ageing.depth_price_per_kwh"
            raise ProblemError(f"there are {len(row.depth_price_per_kwh)} values", place=place, mend=f"give {len(row.depth_kwh)}")
    depths = max(len(row.depth_kwh) for row in rows)

    def padded(values: Sequence[float], last: float) -> list[float]:
        return [*values, *[last] * (depths - len(values))]

    prices = [padded(r.depth_price_per_kwh, r.depth_price_per_kwh[-1] if r.depth_price_per_kwh else 0.0) for r in rows]
    return Ageing(
        calendar_above_kwh=np.array([r.calendar_above_kwh for r in rows]),
        calendar_price_per_kwh_h=np.array([r.calendar_price_per_kwh_h for r in rows]),
        depth_kwh=np.array([padded(r.depth_kwh, 0.0) for r in rows]).reshape(len(rows), depths),
        depth_price_per_kwh=np.array(prices).reshape(len(rows), depths),
    )


def dump_ageing(a: Ageing | None, i: int) -> dict[str, Any]:
    """Return the `ageing` of a storage."""
    return {} if a is None else {"ageing": {name: getattr(a, name)[i].tolist() for name in Ageing.__slots__}}


def read_caps(files: Sequence[CapFile], unit_ids: Sequence[str], n_steps: int) -> DischargeCaps | None:
    """Return the discharge caps. Raises `ProblemError` where one names a storage that is not there."""
    if not files:
        return None
    for i, file in enumerate(files):
        for name in file.most_kwh.keys() - set(unit_ids):
            raise ProblemError(f"there is no storage {name!r}", place=f"caps[{i}].most_kwh", mend="name storages by their id")
    most = [[file.most_kwh.get(name, np.inf) for file in files] for name in unit_ids]
    return DischargeCaps(
        window=np.array([wide(file.window, n_steps, f"caps[{i}].window") for i, file in enumerate(files)]),
        most_kwh=np.array(most, dtype=np.float64).reshape(len(unit_ids), len(files)),
    )


def dump_caps(c: DischargeCaps | None, unit_ids: Sequence[str]) -> list[dict[str, Any]]:
    """Return the `caps` of a problem."""
    if c is None:
        return []
    most = [{name: float(kwh) for name, kwh in zip(unit_ids, column, strict=True) if np.isfinite(kwh)} for column in c.most_kwh.T]
    return [{"window": short(window), "most_kwh": named} for window, named in zip(c.window, most, strict=True)]


def read_modules(sizes_kw: Sequence[float | None]) -> Array | None:
    """Return the circuits' module sizes, (m,) [kW], None if nobody tells of any."""
    return None if all(size is None for size in sizes_kw) else np.array([size or 0.0 for size in sizes_kw])


def dump_module(module_kw: Array | None, i: int) -> dict[str, Any]:
    """Return the `module_kw` of a circuit."""
    return {} if module_kw is None else {"module_kw": float(module_kw[i])}
