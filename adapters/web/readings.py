"""Numbers and readings, as the API tells them."""

import math
from datetime import datetime

from adapters.web.models import ReadingModel
from v2g.observation import Reading


def reading_view(reading: Reading | None, now: datetime) -> ReadingModel | None:
    """Return a measured value with its age."""
    if reading is None:
        return None
    age_s = tidy(max(reading.age_s(now), 0.0))
    return ReadingModel(value=tidy(reading.value), at=reading.at, age_s=age_s, quality=reading.quality)


def tidy(value: float) -> float:
    """Return `value` to three decimals: a watt, a gram of CO₂, a tenth of a cent."""
    return round(float(value), 3) + 0.0


def limit(value: float) -> float | None:
    """Return a limit, None where there is none."""
    return tidy(value) if math.isfinite(value) else None
