"""Readings, as the API tells them."""

from datetime import datetime

from adapters.web.figures import tidy
from adapters.web.state.models import ReadingModel
from v2g.observation import Reading


def reading_view(reading: Reading | None, now: datetime) -> ReadingModel | None:
    """Return a measured value with its age."""
    if reading is None:
        return None
    age_s = tidy(max(reading.age_s(now), 0.0))
    return ReadingModel(value=tidy(reading.value), at=reading.at, age_s=age_s, quality=reading.quality)
