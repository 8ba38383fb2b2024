"""The site's own day: what is counted by the day begins and ends at its midnight, in summer and in winter."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


def next_midnight(instant: datetime, time_zone: str) -> datetime:
    """Return the first local midnight after `instant`, in UTC; the day may have 23 or 25 hours."""
    zone = ZoneInfo(time_zone)
    tomorrow = instant.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), tzinfo=zone).astimezone(UTC)


def last_midnight(instant: datetime, time_zone: str) -> datetime:
    """Return the last local midnight at or before `instant`, in UTC."""
    zone = ZoneInfo(time_zone)
    return datetime.combine(instant.astimezone(zone).date(), time(), tzinfo=zone).astimezone(UTC)
