"""Visits that ended: noticed by a session that is gone, and kept as columns for the departure forecast."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from forecasts.localtime import Calendar, Ints
from v2g.observation import Observation
from v2g.session import ChargingSession, EndedVisit
from v2g.timegrid import Array

UNSEEN_MAX = timedelta(hours=1)
"""A car that left while its charger was silent for longer than this left at an unknown time, and teaches nothing."""


class VisitWatch:
    """Notices the end of sessions between one observation and the next."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[ChargingSession, datetime]] = {}

    def ended(self, observation: Observation) -> list[EndedVisit]:
        """Return the visits that ended since the last observation; a silent charger's car is taken to be still there."""
        found = []
        for evse in observation.evses:
            before, now = self._seen.get(evse.evse_id), evse.session
            gone = before is not None and (now is None or now.session_id != before[0].session_id)
            if before is not None and gone and evse.online:
                del self._seen[evse.evse_id]
                if observation.at - before[1] <= UNSEEN_MAX:
                    found.append(_visit(before[0], observation.at))
            if now is not None:
                self._seen[evse.evse_id] = (now, observation.at)
        return found


def _visit(session: ChargingSession, left_at: datetime) -> EndedVisit:
    return EndedVisit(
        driver=session.driver,
        plugged_in_at=session.plugged_in_at,
        left_at=left_at,
        stated=session.wishes.departure,
        energy_kwh=max(session.charged_kwh - session.discharged_kwh, 0.0),
    )


class VisitTable:
    """The latest `capacity` ended visits as columns (n,); times in hours since 1970 UTC, `driver` a number, −1 for strangers."""

    def __init__(self, calendar: Calendar, visits: Sequence[EndedVisit] = (), capacity: int = 1000) -> None:
        self._calendar = calendar
        self._columns = np.full((4, capacity), np.nan)
        self._codes = np.full((2, capacity), -1, dtype=np.int64)
        self._numbers: dict[str, int] = {}
        self.total = 0
        for visit in sorted(visits, key=lambda v: v.left_at):
            self.add(visit)

    def add(self, visit: EndedVisit) -> None:
        """Keep a visit, in place of the oldest when the table is full."""
        place = self.total % self._columns.shape[1]
        clock_h, day_type = self.arrival(visit.plugged_in_at)
        driver = self._numbers.setdefault(visit.driver, len(self._numbers)) if visit.driver else -1
        self._columns[:, place] = (hours(visit.plugged_in_at), hours(visit.left_at), hours(visit.stated), clock_h)
        self._codes[:, place] = (driver, day_type)
        self.total += 1

    def arrival(self, instant: datetime) -> tuple[float, int]:
        """Return the local time of day [h] and the day type of an instant."""
        day_type, second = self._calendar.place(instant)
        return second / 3600.0, day_type

    def number_of(self, driver: str) -> int:
        """Return the driver's number, −2 for one never seen."""
        return self._numbers.get(driver, -2)

    @property
    def plugged_in_h(self) -> Array:
        """Instants of plugging in."""
        return self._columns[0, : self.total]

    @property
    def left_h(self) -> Array:
        """Instants of leaving."""
        return self._columns[1, : self.total]

    @property
    def stated_h(self) -> Array:
        """Announced instants of leaving, NaN where none was."""
        return self._columns[2, : self.total]

    @property
    def clock_h(self) -> Array:
        """Local times of day of plugging in [h]."""
        return self._columns[3, : self.total]

    @property
    def drivers(self) -> Ints:
        """Drivers' numbers."""
        return self._codes[0, : self.total]

    @property
    def day_types(self) -> Ints:
        """Types of the local days of plugging in."""
        return self._codes[1, : self.total]


def hours(instant: datetime | None) -> float:
    """Return an instant as hours since 1970 UTC, NaN for None."""
    return instant.timestamp() / 3600.0 if instant else float("nan")
