"""How often somebody may be wrong, in fixed memory."""

import secrets
import time
from array import array
from collections.abc import Callable
from hashlib import blake2b
from ipaddress import IPv6Address, ip_address

SLOTS = 1 << 14
"""Keys that fall into one slot share its count: by a secret, so that nobody can choose whose."""


class Attempts:
    """Lets each key try `burst` times at once, then once in `period_s`.

    The generic cell rate algorithm (ITU-T I.371): a slot holds the instant from which it counts as unused.
    """

    def __init__(self, *, burst: int, period_s: float, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._burst, self._period_s, self._clock_s = burst, period_s, clock_s
        self._free_at = array("d", bytes(8 * SLOTS))
        self._secret = secrets.token_bytes(16)

    def take(self, key: str) -> float:
        """Count a try, and return 0; where there were too many, count nothing and return how long to wait [s]."""
        slot, now = self._slot(key), self._clock_s()
        free_at = max(self._free_at[slot], now)
        wait_s = free_at + self._period_s - now - self._burst * self._period_s
        if wait_s > 0:
            return wait_s
        self._free_at[slot] = free_at + self._period_s
        return 0.0

    def forgive(self, key: str) -> None:
        """Take back a try that was right."""
        self._free_at[self._slot(key)] -= self._period_s

    def _slot(self, key: str) -> int:
        return int.from_bytes(blake2b(key.encode(), digest_size=8, key=self._secret).digest()) % SLOTS


def neighbourhood(address: str) -> str:
    """Return whose an address is: of IPv6 the network of 64 bits, all of which one person may use."""
    try:
        known = ip_address(address)
    except ValueError:
        return address
    return str(known) if not isinstance(known, IPv6Address) else known.exploded[:19]
