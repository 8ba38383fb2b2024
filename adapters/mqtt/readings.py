"""Measured values with their quality, judged by the instant at which the device measured them."""

from datetime import datetime

from v2g.observation import Quality, Reading

STALE_AFTER_S = 30.0  # three missed messages of docs/mqtt.md


def reading(value: float, at: datetime, now: datetime) -> Reading:
    """Return `value` measured `at`: stale if older than `STALE_AFTER_S`, suspect if from as far in the future."""
    age_s = (now - at).total_seconds()
    quality = Quality.STALE if age_s > STALE_AFTER_S else Quality.SUSPECT if age_s < -STALE_AFTER_S else Quality.GOOD
    return Reading(value=value, at=at, quality=quality)
