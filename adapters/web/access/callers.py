"""Who calls, by what a request shows."""

import hmac
from dataclasses import dataclass

from fastapi import HTTPException

from adapters.attempts import Attempts, neighbourhood
from v2g.access import Caller, CallerKind, Role
from v2g.accounts import Knows

BY_TOKEN = Caller(name="token", role=Role.ADMIN, kind=CallerKind.MACHINE)
READER = Caller(name="anybody", role=Role.VIEWER, kind=CallerKind.ANYBODY)
THIS_MACHINE = Caller(name="this machine", role=Role.ADMIN, kind=CallerKind.ANYBODY)
WRONG_BURST, WRONG_PERIOD_S = 30, 10.0
"""So many wrong tokens and sessions of an address at once, then one in so long: a page left open shows a session that has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a request shows of who calls, and the address it came from."""

    bearer: str | None = None
    session: str | None = None
    address: str = ""


class Callers:
    """Tells who calls.

    Where `accounts` know people and machines, others are nobody. Without them, and with `token`, everybody may read and whoever
    has it may do all that machines may; with neither, whoever reaches the application may.
    """

    def __init__(self, *, token: str | None = None, accounts: Knows | None = None) -> None:
        self._token, self._accounts = token, accounts
        self._wrong = Attempts(burst=WRONG_BURST, period_s=WRONG_PERIOD_S)
        self._nobody = None if accounts else READER if token else THIS_MACHINE

    @property
    def open(self) -> bool:
        """Whether whoever reaches the application may change things."""
        return self._nobody is THIS_MACHINE

    async def find(self, shown: Shown) -> Caller | None:
        """Return who calls, None if nobody knows. Raises `HTTPException` where an address was wrong too often."""
        if shown.bearer is None and (shown.session is None or self._accounts is None):
            return self._nobody  # a cookie may be another station's on this machine: ports do not part them
        caller = await self._known(shown)
        if caller is not None:
            return caller
        if wait_s := self._wrong.take(neighbourhood(shown.address)):
            raise too_often(wait_s)
        return self._nobody

    async def _known(self, shown: Shown) -> Caller | None:
        if shown.bearer is None:
            return await self._accounts.by_session(shown.session) if self._accounts and shown.session else None
        if self._token is not None and hmac.compare_digest(shown.bearer.encode(), self._token.encode()):
            return BY_TOKEN
        return await self._accounts.by_token(shown.bearer) if self._accounts else None


def too_often(wait_s: float) -> HTTPException:
    """Return the refusal of who was wrong too often."""
    return HTTPException(429, "too many wrong attempts", headers={"Retry-After": str(int(wait_s) + 1)})
