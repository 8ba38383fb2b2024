"""How often somebody may do something, for many at once, in bounded memory."""

from collections import OrderedDict
from collections.abc import Hashable

MAX_KEYS = 10_000


class Throttle:
    """A `burst` at once by each key, then one each `every_s` (the generic cell rate algorithm: one number a key).

    Only the last `max_keys` keys are remembered. A clock that was put back locks nobody out.
    """

    def __init__(self, burst: int, every_s: float, *, max_keys: int = MAX_KEYS) -> None:
        self._burst_s, self._every_s, self._max_keys = burst * every_s, every_s, max_keys
        self._full_at_s: OrderedDict[Hashable, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._full_at_s)

    def is_open(self, key: Hashable, at_s: float) -> bool:
        """Return whether `key` has one left at `at_s`."""
        return self._owed_s(key, at_s) + self._every_s <= self._burst_s

    def take(self, key: Hashable, at_s: float) -> None:
        """Take one of `key`."""
        self._full_at_s[key] = at_s + min(self._owed_s(key, at_s) + self._every_s, self._burst_s)
        self._full_at_s.move_to_end(key)
        if len(self._full_at_s) > self._max_keys:
            self._full_at_s.popitem(last=False)

    def _owed_s(self, key: Hashable, at_s: float) -> float:
        """Return how long until `key` has its whole burst again."""
        owed_s = max(self._full_at_s.get(key, at_s) - at_s, 0.0)
        return owed_s if owed_s <= self._burst_s else 0.0
