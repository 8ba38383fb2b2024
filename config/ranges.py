"""Schemas from the domain's own values: a field's name carries its unit, and its unit its range."""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Annotated, Any, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, create_model

RANGES = (
    (("_per_kwh", "_deg"), Field()),
    (("_frac", "_share"), Field(ge=0, le=1)),
    (("efficiency",), Field(gt=0, le=1)),
    (("tick_s", "fast_s", "lease_s", "fine_h", "coarse_h", "capacity_kwh"), Field(gt=0)),
    (("_kw", "_kwh", "_s", "_h", "_a"), Field(ge=0)),
)
"""Ranges by the ending of a field's name; the first that fits holds."""


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
    if hint is int and name.startswith("n_"):
        return Annotated[int, Field(ge=1)]
    if hint is not float:
        return hint
    return next((Annotated[float, bounds] for endings, bounds in RANGES if name.endswith(endings)), float)
