"""Visits that ended: noticed by a session that is gone, and kept for the forecasts that learn from them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from forecasts.fleet.visits import Visits, ended_visits
from forecasts.localtime import Calendar
from v2g.observation import Observation
from v2g.session import ChargingSession, EndedVisit

UNSEEN_MAX = timedelta(hours=1)
"""A car that left while its charger was silent for longer than this left at an unknown time, and teaches nothing."""
CAPACITY = 20_000
"""Visits that are remembered."""


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
        requested_kwh=session.wishes.energy_kwh,
    )


class VisitRecord:
    """The latest `capacity` ended visits as columns; starts with `visits`, in any order."""

    def __init__(self, calendar: Calendar, visits: Sequence[EndedVisit] = (), capacity: int = CAPACITY) -> None:
        self._calendar, self._capacity = calendar, capacity
        self._ended = ended_visits(visits, calendar).take(slice(-capacity, None))
        self._new: list[EndedVisit] = []
        self.total = len(visits)

    def add(self, visit: EndedVisit) -> None:
        """Keep a visit, in place of the first to end when the record is full."""
        self._new.append(visit)
        self.total += 1

    def ended(self) -> Visits:
        """Return all visits, the first to end first."""
        if self._new:
            known = self._ended.followed_by(ended_visits(self._new, self._calendar))
            self._ended, self._new = known.by_end().take(slice(-self._capacity, None)), []
        return self._ended


def hours(instant: datetime | None) -> float:
    """Return an instant as hours since 1970 UTC, NaN for None."""
    return instant.timestamp() / 3600.0 if instant else float("nan")
