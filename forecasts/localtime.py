"""Wall clocks for arrays: UTC seconds to local seconds, days and quarter-hours, on both DST days too.

Instants are int64 seconds since 1970 UTC; *local seconds* are what a wall clock in the zone shows, counted the same way.
"""

from collections.abc import Container
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import IntEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

DAY_S = 86_400
SLOT_S = 900
SLOTS_PER_DAY = DAY_S // SLOT_S
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_EPOCH_WEEKDAY = 3  # 1970-01-01 was a Thursday; Monday is 0


class DayType(IntEnum):
    """Days that load resembles itself on."""

    WORKDAY = 0
    SATURDAY = 1
    SUNDAY = 2


def seconds(instant: datetime) -> int:
    """Return an aware instant as whole seconds since 1970 UTC."""
    return int(instant.timestamp())


@lru_cache(maxsize=8192)
def _offset_s(zone: str, instant_s: int) -> int:
    offset = datetime.fromtimestamp(instant_s, UTC).astimezone(ZoneInfo(zone)).utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0


def utc_offset_s(instants_s: Ints, zone: str) -> Ints:
    """Return local minus UTC time at each instant [s], same shape; `zone` is an IANA name."""
    days, index = np.unique(instants_s // DAY_S, return_inverse=True)
    begins = np.array([_offset_s(zone, int(day) * DAY_S) for day in days], dtype=np.int64)
    ends = np.array([_offset_s(zone, (int(day) + 1) * DAY_S) for day in days], dtype=np.int64)
    offsets: Ints = begins[index]
    for i in np.flatnonzero(begins[index] != ends[index]):
        offsets[i] = _offset_s(zone, int(instants_s[i]))
    return offsets


def local_s(instants_s: Ints, zone: str) -> Ints:
    """Return the local seconds of each instant, same shape."""
    return instants_s + utc_offset_s(instants_s, zone)


def weekdays(local_days: Ints) -> Ints:
    """Return the weekday of each local day (days since 1970-01-01), Monday = 0."""
    return (local_days + _EPOCH_WEEKDAY) % 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """A site's days: its IANA `time_zone`, its `holidays`, and whether days differ by type at all."""

    time_zone: str
    holidays: Container[date] = frozenset()
    typed: bool = True

    def types(self, local_days: Ints) -> Ints:
        """Return the `DayType` of each local day, (n,); a holiday counts as a Sunday."""
        if not self.typed:
            return np.zeros(len(local_days), dtype=np.int64)
        types = np.clip(weekdays(local_days) - 4, DayType.WORKDAY, DayType.SUNDAY)
        for i, day in enumerate(local_days):
            if date.fromordinal(_EPOCH_ORDINAL + int(day)) in self.holidays:
                types[i] = DayType.SUNDAY
        return types

    def places(self, instants_s: Ints) -> tuple[Ints, Ints]:
        """Return each instant's day type and second of the local day, two (n,)."""
        local = local_s(instants_s, self.time_zone)
        days, index = np.unique(local // DAY_S, return_inverse=True)
        return self.types(days)[index], local % DAY_S

    def place(self, instant: datetime) -> tuple[int, int]:
        """Return one instant's day type and second of the local day."""
        instant_s = seconds(instant)
        day, second = divmod(instant_s + _offset_s(self.time_zone, instant_s), DAY_S)
        return int(self.types(np.array([day]))[0]), second
