"""What was kept of a station's past, as people ask for it: results, forecasts against what came, the audit log."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from v2g.outlook import Outlook
from v2g.results import Period, Result
from v2g.standing import ForecastScore


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """Results by period, oldest first, and their sum, None where nothing was kept."""

    rows: tuple[Result, ...]
    total: Result | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Expected:
    """What was expected at `made_at`, on the grid of that time."""

    made_at: datetime
    outlook: Outlook


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """An entry of the audit log; `facts` are what its kind says."""

    number: int
    at: datetime
    kind: str
    facts: Any
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPage:
    """Entries, the newest first; `older` is the number to ask for more before, None where there are no more."""

    entries: tuple[AuditEntry, ...]
    older: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditChain:
    """How far the log's chain of hashes was followed: `n` entries up to `head`; `broken` says what is wrong after them.

    `whole` is False while entries remain to be followed.
    """

    n: int
    head: str
    broken: str
    whole: bool


class Records(Protocol):
    """Reads what was kept. All raise `UnavailableError` if the database does not answer."""

    async def results(self, first: date, last: date, by: Period) -> Results:
        """Return what the days from `first` to `last` brought, in the site's own calendar."""
        ...

    async def expected(self, at: datetime) -> Expected | None:
        """Return the first forecast made from `at` on, None where none was kept."""
        ...

    async def scores(self, since: datetime) -> tuple[ForecastScore, ...]:
        """Return how forecasts did from `since` on, oldest first."""
        ...

    async def audit(self, *, kind: str, text: str, before: int | None, most: int) -> AuditPage:
        """Return at most so many entries before that number, of this `kind` ("" = all) in which `text` stands."""
        ...

    async def audit_chain(self) -> AuditChain:
        """Follow the chain a stretch further than the last time; a call after the end follows what was added since."""
        ...

    def audit_lines(self) -> AsyncIterator[str]:
        """Yield the whole log, oldest first, a line of JSON an entry."""
        ...
