"""The car at an outlet."""

from fastapi import HTTPException

from v2g.ports import Station
from v2g.session import ChargingSession


def session_at(evse_id: str, station: Station) -> ChargingSession | None:
    """Return the session at an outlet, None if there is none."""
    return next((s.session for s in station.observation().evses if s.evse_id == evse_id), None)


def plugged_in(evse_id: str, station: Station) -> ChargingSession:
    """Return the session at an outlet. Raises `HTTPException` 404 if there is none."""
    session = session_at(evse_id, station)
    if session is None:
        raise HTTPException(404, "nobody is plugged in there")
    return session
