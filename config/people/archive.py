"""What was, from the database: fills `v2g.archive.Archive`."""

from functools import partial

from adapters.store import pages
from adapters.store.store import Store
from v2g.archive import PastSignal, PastVisit, Place


class StoredArchive:
    """Pages read in `store`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def visits(self, *, before: Place | None, limit: int) -> tuple[PastVisit, ...]:
        """Return up to `limit` visits that ended before that place, the newest first."""
        return await self._store.run(partial(pages.read_visits, before=before, limit=limit))

    async def signals(self, *, before: Place | None, limit: int) -> tuple[PastSignal, ...]:
        """Return up to `limit` signals issued before that place, the newest first."""
        return await self._store.run(partial(pages.read_signals, before=before, limit=limit))
