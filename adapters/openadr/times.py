"""Instants and durations as VTNs write them: RFC 3339 and ISO 8601, and what is found in the field instead."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from zoneinfo import ZoneInfo

from v2g.errors import SignalError

FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2150, 1, 1, tzinfo=UTC)
"""What lies beyond is a typing error, or means "for ever"."""
MILLISECONDS_FROM = 1e11
"""As seconds since 1970 this is the year 5138, as milliseconds 1973."""
ENDLESS_YEARS = 100
_NOW = re.compile(r"000[01]-")
_ZONE_NAME = re.compile(r"\s*\b(UTC|GMT)$", re.IGNORECASE)
_SPACED_OFFSET = re.compile(r"\s+(?=[+-]\d)")
_DURATION = re.compile(
    r"(?P<sign>[+-]?)P(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?",
    re.IGNORECASE,
)


def read_instant(value: Any) -> datetime | None:
    """Return an instant in UTC, None for "now" (the year 0 or 1). Raises `SignalError` if it cannot be read.

    Besides RFC 3339 it takes a space for the T, no zone (then UTC), a zone's name, a date alone, RFC 2822, and seconds or
    milliseconds since 1970.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _within(_since_1970(value), value)
    if not isinstance(value, str) or not value.strip():
        raise SignalError(f"{value!r} is no instant", mend="as in 2026-01-01T08:00:00Z")
    text = value.strip()
    return None if _NOW.match(text) else _within(_parsed(text), value)


def _since_1970(value: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(value / 1000.0 if value > MILLISECONDS_FROM else value, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _parsed(text: str) -> datetime | None:
    try:
        instant = datetime.fromisoformat(_SPACED_OFFSET.sub("", _ZONE_NAME.sub("", text)).upper())
    except ValueError:
        try:
            instant = parsedate_to_datetime(text)
        except (ValueError, TypeError, IndexError):
            return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _within(instant: datetime | None, said: Any) -> datetime:
    # The bounds come first: what is near the year 1 or 9999 cannot be brought to UTC.
    if instant is None or not FIRST.year - 1 <= instant.year <= LAST.year:
        raise SignalError(f"{str(said)[:60]!r} is no instant", mend="as in 2026-01-01T08:00:00Z")
    return min(max(instant.astimezone(UTC), FIRST), LAST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration:
    """An ISO 8601 duration: months and days by the calendar, seconds by the clock; `endless` from a hundred years on."""

    months: int = 0
    days: int = 0
    seconds: float = 0.0

    @property
    def endless(self) -> bool:
        """Whether it means "for ever", as P9999Y does."""
        return self.months >= 12 * ENDLESS_YEARS or self.days >= 366 * ENDLESS_YEARS or self.seconds >= 86_400 * 366 * ENDLESS_YEARS

    def __bool__(self) -> bool:
        return bool(self.months or self.days or self.seconds)

    def after(self, start: datetime, zone: ZoneInfo) -> datetime:
        """Return `start` plus this in UTC, at most `LAST`; months and days are those of `zone`: a day may have 23 or 25 h."""
        if self.endless:
            return LAST
        instant = start
        if self.months or self.days:
            instant = _calendar(start.astimezone(zone), self.months, self.days).astimezone(UTC)
        return min(max(instant + timedelta(seconds=self.seconds), FIRST), LAST)


def _calendar(local: datetime, months: int, days: int) -> datetime:
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    for day in range(local.day, 27, -1):  # the 31st of a shorter month is its last day
        try:
            return local.replace(year=year, month=month + 1, day=day) + timedelta(days=days)
        except ValueError:
            continue
    return local.replace(year=year, month=month + 1) + timedelta(days=days)


def read_duration(value: Any) -> Duration:
    """Return a duration, 0 where nothing is said. Raises `SignalError` if it cannot be read."""
    if value is None or value == "":
        return Duration()
    found = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None or value.strip().upper().lstrip("+-") in ("P", "PT"):
        raise SignalError(f"{str(value)[:60]!r} is no duration", mend="as in PT1H")
    part = {name: float(text) for name, text in found.groupdict(default="0").items() if name != "sign"}
    length = Duration(
        months=int(min(12 * part["years"] + part["months"], 1e6)),
        days=int(min(7 * part["weeks"] + part["days"], 1e7)),
        seconds=min(3600 * part["hours"] + 60 * part["minutes"] + part["seconds"], 1e12),
    )
    if found["sign"] != "-":
        return length
    if length.endless:
        raise SignalError(f"{str(value)[:60]!r} leads to before all time", mend="as in PT1H")
    return Duration(months=-length.months, days=-length.days, seconds=-length.seconds)
