"""When a charger's schedules next change what holds."""

from collections.abc import Iterable
from datetime import datetime, timedelta

AHEAD = timedelta(hours=1)
"""As far as is looked; what holds is settled anew every few seconds."""


def soonest(instants: Iterable[datetime], after: datetime) -> datetime | None:
    """Return the first of `instants` later than `after`, None if there is none."""
    return min((at for at in instants if at > after), default=None)
