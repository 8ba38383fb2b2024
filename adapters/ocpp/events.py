"""Which events of a transaction have been taken: chargers repeat them, and send them late and out of order."""

from array import array
from datetime import datetime

REMEMBERED = 64  # the latest events of a transaction; what is repeated is repeated soon

Key = tuple[datetime, int, str]
"""An event's timestamp as told, its sequence number and its type: some chargers send the same number always."""


class Events:
    """The events of one transaction."""

    def __init__(self) -> None:
        self._taken = array("q")  # hashes: the keys themselves take 9 KB
        self._latest: Key | None = None
        self._highest: int | None = None

    def has(self, key: Key) -> bool:
        """Return whether this very event has been taken before."""
        return hash(key) in self._taken

    def is_latest(self, key: Key) -> bool:
        """Return whether nothing later has been taken."""
        return self._latest is None or key[:2] >= self._latest[:2]

    def take(self, key: Key) -> int:
        """Take note of an event; return how many between it and the one with the highest number before have not been seen."""
        seq_no = key[1]
        missing = max(seq_no - self._highest - 1, 0) if self._highest is not None else 0
        self._highest = seq_no if self._highest is None else max(self._highest, seq_no)
        self._taken.append(hash(key))
        del self._taken[:-REMEMBERED]
        if self.is_latest(key):
            self._latest = key
        return missing
