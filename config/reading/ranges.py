"""Schemas from the domain's own values: a field's name carries its unit, and its unit its range."""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Annotated, Any, get_type_hints

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model

DAY_S, WEEK_H = 86_400.0, 168.0
RANGES = (
    (("latitude_deg",), Field(ge=-90, le=90)),
    (("_deg",), Field(ge=-360, le=360)),
    (("_per_kwh",), Field(ge=-1000, le=1000)),
    (("_per_kg",), Field(ge=0, le=1000)),
    (("_probability",), Field(ge=0.5, le=0.95)),
    (("_life_h", "_cycles"), Field(ge=0, le=1e6)),
    (("block_price",), Field(ge=0, le=1e7)),
    (("soh_frac",), Field(gt=0, le=1)),
    (("guard_frac",), Field(ge=0, le=0.5)),
    (("_frac", "_share"), Field(ge=0, le=1)),
    (("efficiency",), Field(gt=0, le=1)),
    (("_per_h", "_per_day"), Field(ge=0, le=1e7)),
    (("_factor",), Field(ge=0, le=1000)),
    (("tick_s", "lease_s"), Field(ge=1, le=DAY_S)),
    (("fast_s",), Field(ge=0.1, le=DAY_S)),
    (("fine_h", "coarse_h"), Field(ge=1 / 60, le=24)),
    (("capacity_kwh",), Field(gt=0, le=1e7)),
    (("_s",), Field(ge=0, le=7 * DAY_S)),
    (("_h",), Field(ge=0, le=WEEK_H)),
    (("_kw", "_kwh", "_a"), Field(ge=0, le=1e7)),
)
"""Ranges by the ending of a field's name; the first that fits holds. Upper bounds are far beyond any station."""
NAME = r"^[A-Za-z0-9_.-]{1,48}$"
"""Names go into topics, addresses and file names."""


def number(value: object) -> object:
    """Refuse truth values and texts where a number is meant."""
    if isinstance(value, (bool, str)):
        raise ValueError("Input should be a number")  # noqa: TRY004  # pydantic reports ValueErrors
    return value


Number = Annotated[float, BeforeValidator(number)]


class Strict(BaseModel):
    """Base of everything read from a site file: unknown fields are errors, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False, allow_inf_nan=False)


def model_of(kind: type, aliases: Mapping[str, str] | None = None, defaults: Mapping[str, Any] | None = None) -> type[Strict]:
    """Return a strict model with the fields of dataclass `kind`, ranges by unit, `aliases` as names in the file.

    `defaults` make fields optional that the dataclass requires.
    """
    aliases, defaults = aliases or {}, defaults or {}
    hints = get_type_hints(kind)
    entries: dict[str, Any] = {}
    for field in fields(kind):
        default = defaults.get(field.name, ... if field.default is MISSING else field.default)
        entries[field.name] = (ranged(field.name, hints[field.name]), Field(default, alias=aliases.get(field.name)))
    return create_model(f"{kind.__name__}File", __base__=Strict, __doc__=kind.__doc__, **entries)


def ranged(name: str, hint: Any) -> Any:
    """Return `hint` with the range that the unit in `name` implies; a price may be negative."""
    if hint is str and name.endswith("_id"):
        return Annotated[str, Field(pattern=NAME)]
    if hint is int:
        return Annotated[int, BeforeValidator(number), Field(ge=1 if name.startswith("n_") else 0, le=1000)]
    if hint == tuple[float, ...]:
        return tuple[ranged(name, float), ...]  # type: ignore[misc]  # a type made of values
    if hint is not float:
        return hint
    return next((Annotated[Number, bounds] for endings, bounds in RANGES if name.endswith(endings)), Number)
