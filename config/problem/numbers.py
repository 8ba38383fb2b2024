"""Numbers as a problem file has them: their ranges, one for all steps or one for each, `null` where there is none."""

from datetime import datetime
from typing import Annotated, Any

import numpy as np
from pydantic import BeforeValidator, Field, PlainValidator, TypeAdapter, WithJsonSchema

from v2g.errors import ProblemError
from v2g.network import N_PHASES
from v2g.timegrid import YEARS, Array

LARGEST = 1e9
"""Numbers beyond this are typing errors, and would drown all others in the solver."""

Number = Annotated[float, Field(ge=-LARGEST, le=LARGEST, strict=True)]
NonNegative = Annotated[float, Field(ge=0, le=LARGEST, strict=True)]
Positive = Annotated[float, Field(gt=0, le=LARGEST, strict=True)]
Share = Annotated[float, Field(ge=0, le=1, strict=True)]
Efficiency = Annotated[float, Field(gt=0, le=1, strict=True)]
Name = Annotated[str, Field(min_length=1, max_length=64)]
Hours = Annotated[float, Field(ge=1e-4, le=1e4, strict=True)]


def listed(value: Any) -> Any:
    """Return one number as a list of one."""
    return value if isinstance(value, list) else [value]


def _instant(value: Any) -> datetime:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no instant; {EXAMPLE}")  # noqa: TRY004 (pydantic wants a ValueError)
    instant = datetime.fromisoformat(value)
    if instant.tzinfo is None:
        raise ValueError(f"the time zone is missing; {EXAMPLE}")
    if instant.year not in YEARS:
        raise ValueError(f"the year is not from {YEARS[0]} to {YEARS[-1]}; {EXAMPLE}")
    return instant


def whole(value: Any) -> Any:
    """Return 4.0 as 4: in JSON they are the same number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _when(value: Any) -> int | datetime:
    step = whole(value)
    if not isinstance(step, int) or isinstance(step, bool):
        return _instant(value)
    if not 0 <= step <= LARGEST:
        raise ValueError(f"a number of steps is from 0 to {LARGEST:g}")
    return step


def per_step(item: Any, **length: int) -> WithJsonSchema:
    """Return the JSON Schema of one `item` for all steps, or a list with one for each."""
    one = TypeAdapter(item).json_schema()
    return WithJsonSchema({"anyOf": [one, {"type": "array", "items": one, "minItems": 1, **length}]})


EXAMPLE = 'give e.g. "2026-01-05T16:00:00Z"'
DATE = r"(19[7-9]|2[01]\d)\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
CLOCK = r"([01]\d|2[0-3]):[0-5]\d"
INSTANT = {"type": "string", "format": "date-time", "pattern": rf"^{DATE}T{CLOCK}(:[0-5]\d(\.\d{{1,6}})?)?(Z|[+-]{CLOCK})$"}
Step = Annotated[int, Field(ge=0, le=LARGEST, strict=True), BeforeValidator(whole)]

# One number for all steps, or a list with one for each.
Numbers = Annotated[tuple[Number, ...], BeforeValidator(listed), per_step(Number)]
NonNegatives = Annotated[tuple[NonNegative, ...], BeforeValidator(listed), per_step(NonNegative)]
Shares = Annotated[tuple[Share, ...], BeforeValidator(listed), per_step(Share)]
Limits = Annotated[tuple[NonNegative | None, ...], BeforeValidator(listed), per_step(NonNegative | None)]
PhaseLimits = Annotated[Limits, per_step(NonNegative | None, minItems=N_PHASES, maxItems=N_PHASES)]
Known = Annotated[tuple[Number | None, ...], BeforeValidator(listed), per_step(Number | None)]
Instant = Annotated[datetime, PlainValidator(_instant), WithJsonSchema(INSTANT)]
When = Annotated[int | datetime, PlainValidator(_when), WithJsonSchema({"anyOf": [TypeAdapter(Step).json_schema(), INSTANT]})]
Sizes = Annotated[tuple[NonNegative, ...], BeforeValidator(listed), per_step(NonNegative, minItems=0)]
Unlimited = Annotated[float | None, Field(gt=0, le=LARGEST, strict=True)]

Values = tuple[float, ...] | tuple[float | None, ...]


def wide(values: Values, length: int, place: str, *, empty: float = np.nan) -> Array:
    """Return one value for all, or one for each, (length,); `empty` stands for null. Raises `ProblemError` naming `place`."""
    if len(values) not in {1, length}:
        raise ProblemError(f"there are {len(values)} values", place=place, mend=f"give one, or {length}")
    return np.broadcast_to(np.array([empty if v is None else v for v in values], dtype=np.float64), (length,)).copy()


def short(values: Array) -> Any:
    """Return equal values as one, what is not finite as null."""
    listed_values = [known(v) for v in values]
    return listed_values[0] if all(v == listed_values[0] for v in listed_values) else listed_values


def known(value: float) -> float | None:
    """Return a number, null for one that is not finite."""
    return float(value) if np.isfinite(value) else None
