"""What was, page by page: visits that ended, signals that were published, withdrawn or over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from v2g.session import EndedVisit
from v2g.signals import Signal

Place = tuple[datetime, str]
"""Where a page ended: the instant of its last item, and what tells it from others of that instant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastVisit:
    """A visit that ended, and its place in the archive."""

    visit: EndedVisit
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class PastSignal:
    """A signal that was published, by whom, and when and by whom it was withdrawn, if it was."""

    signal: Signal
    published_by: str
    withdrawn_at: datetime | None
    withdrawn_by: str


class Archive(Protocol):
    """Pages of what was, the newest first; both raise `UnavailableError`."""

    async def visits(self, *, before: Place | None, limit: int) -> Sequence[PastVisit]:
        """Return up to `limit` visits that ended before that place."""
        ...

    async def signals(self, *, before: Place | None, limit: int) -> Sequence[PastSignal]:
        """Return up to `limit` signals issued before that place (its instant and id), those in force among them."""
        ...
