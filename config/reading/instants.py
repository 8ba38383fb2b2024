"""Instants as people read them in tables."""

from datetime import UTC, datetime


def short_utc(instant: str) -> str:
    """Return an instant of a report, without its year, in UTC."""
    return f"{datetime.fromisoformat(instant).astimezone(UTC):%m-%d %H:%M}Z"
