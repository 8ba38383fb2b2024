"""People's passwords: argon2id, off the control loop, and what makes one too poor."""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from v2g.errors import AccessError

SHORTEST, LONGEST = 12, 256
AT_ONCE = 2
"""So many hashes are made side by side: each takes 19 MiB and, measured here, 25 ms of a core."""


class Passwords:
    """Hashes and checks passwords in a thread, which lets the loop run meanwhile.

    Parameters are OWASP's first choice for argon2id (password storage cheat sheet): 19 MiB, two passes, one lane.
    """

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._nobodys = self._hasher.hash("nobody has this password")

    async def hash(self, password: str, *, name: str = "") -> str:
        """Return the hash to keep. Raises `AccessError` if the password is too short, too long or the name."""
        check(password, name)
        async with self._turn:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def fits(self, password: str, kept: str | None) -> bool:
        """Return whether this is the password; takes as long where there is none, so that nobody learns which names there are."""
        async with self._turn:
            right = await asyncio.to_thread(self._verify, kept or self._nobodys, password)
        return right and kept is not None

    def _verify(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False


def check(password: str, name: str) -> None:
    """Raise `AccessError` if a password is too poor."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise AccessError("the password is too short or too long", place="password", mend=f"{SHORTEST} to {LONGEST} characters")
    if len(set(password)) < SHORTEST // 2 or (name and password.casefold() in {name.casefold(), name.casefold() * 2}):
        raise AccessError("the password is easy to guess", place="password", mend="several words, or a password manager's choice")
