"""The database, as the site file's `store` says."""

import os
from datetime import timedelta
from pathlib import Path

from adapters.store import Retention, Store
from adapters.store.spill import Spill
from config.site.file import StoreFile
from v2g.ports import Clock


def store_of(file: StoreFile, clock: Clock) -> Store:
    """Return the store; entering it opens it. Raises `UnavailableError` on a URL of no database."""
    retention = Retention(
        ticks=timedelta(days=file.ticks_days),
        history=timedelta(days=file.history_days),
        wishes=timedelta(days=file.wishes_days),
        visits=timedelta(days=file.visits_days),
    )
    spill = Spill(Path(file.spill)) if file.spill else None
    return Store(file.url, clock, retention=retention, spill=spill)


def store_beside(file: StoreFile, clock: Clock) -> Store:
    """Return a store for a command that runs while the daemon may: what waits beside the database stays the daemon's."""
    return Store(file.url, clock, spill=Spill(Path(os.devnull)))
