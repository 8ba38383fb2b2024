"""What was kept of the station's past, as people ask for it: fills the port `Records` over the database."""

from collections.abc import AsyncIterator
from datetime import date, datetime
from functools import partial

from adapters.store import browsing, rows
from adapters.store.audit import GENESIS
from adapters.store.store import Store
from config.people.results import ResultsBook
from v2g.ports import Station
from v2g.records import AuditChain, AuditPage, Expected, Results
from v2g.results import Period
from v2g.standing import ForecastScore


class StoredRecords:
    """Fills `v2g.records.Records`; each question takes short turns at the database, between which others have theirs."""

    def __init__(self, station: Station, store: Store) -> None:
        self._store, self._book = store, ResultsBook(station, store)
        self._chain = AuditChain(n=0, head=GENESIS, broken="", whole=False)

    async def results(self, first: date, last: date, by: Period) -> Results:
        """Return what the days from `first` to `last` brought."""
        return await self._book.between(first, last, by)

    async def expected(self, at: datetime) -> Expected | None:
        """Return the first forecast made from `at` on."""
        record = await self._store.run(partial(rows.read_tick_from, at=at))
        return None if record is None else Expected(made_at=record.at, outlook=record.outlook)

    async def scores(self, since: datetime) -> tuple[ForecastScore, ...]:
        """Return how forecasts did from `since` on."""
        return await self._store.scores(since)

    async def audit(self, *, kind: str, text: str, before: int | None, most: int) -> AuditPage:
        """Return a page of the audit log."""
        return await self._store.run(partial(browsing.read_page, kind=kind, text=text, before=before, most=most))

    async def audit_chain(self) -> AuditChain:
        """Follow the chain a stretch further."""
        if not self._chain.broken:
            self._chain = await self._store.run(partial(browsing.follow, chain=self._chain))
        return self._chain

    async def audit_lines(self) -> AsyncIterator[str]:
        """Yield the whole log, oldest first: each entry as it is chained, and its hash."""
        after = 0
        while stretch := await self._store.run(partial(browsing.read_lines, after=after)):
            for number, entry, link in stretch:
                after = number
                yield f'{{"entry":{entry},"hash":"{link}"}}\n'
