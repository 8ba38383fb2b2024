"""Instants as OCPP writes them, in every version: RFC 3339, in practice with oddities."""

from datetime import UTC, datetime, timedelta

from adapters.ocpp.frames import BadFrameError, ErrorCode

OLDEST = timedelta(days=30)  # an offline charger may deliver what it queued weeks later
NEWEST = timedelta(minutes=5)
LEAD = timedelta(days=1)
"""How long before now a schedule begins that holds at once: for a clock behind ours, or in another zone, now is in the future."""


def parse_instant(text: str, place: str) -> datetime:
    """Return `text` as aware UTC; without a zone it is taken for UTC. Raises `BadFrameError`."""
    try:
        instant = datetime.fromisoformat(text)
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        mend = "as in 2026-01-31T12:00:00Z"
        raise BadFrameError("not an instant", code=ErrorCode.PROPERTY, place=place, mend=mend) from error


def format_instant(instant: datetime) -> str:
    """Return `instant` in whole seconds, cut off, as in 2026-01-31T12:00:00Z."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def is_plausible(instant: datetime, now: datetime, *, oldest: timedelta = OLDEST) -> bool:
    """Return whether a charger's clock can be believed: not in the future, not before `oldest`."""
    return now - oldest <= instant <= now + NEWEST
