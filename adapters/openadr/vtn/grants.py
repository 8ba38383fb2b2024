"""OAuth2 client credentials: who gets a token, and what it opens."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters.attempts import Attempts, neighbourhood
from v2g.access import Caller, Right
from v2g.accounts import Tokens
from v2g.errors import UnavailableError
from v2g.ports import Clock

LASTS = timedelta(hours=1)
TOKENS_MAX = 10_000
SEEN_ANEW = timedelta(seconds=5)
"""A machine that was revoked is let in for so long at most."""
WRONG_BURST, WRONG_PERIOD_S = 10, 6.0
"""So many wrong secrets of an address at once, then one in so long."""
READING = frozenset({"read_targets", "read_ven_objects"})
OWN = frozenset({"write_reports", "write_subscriptions", "write_vens"})
BUSINESS = frozenset({"read_all", "write_programs", "write_events"})
SCOPES = READING | OWN | BUSINESS


@dataclass(slots=True, kw_only=True)
class Grant:
    """What a bearer token stands for; its machine had not been revoked when it was `seen_at` last."""

    client_id: str
    by: str
    scopes: frozenset[str]
    until: datetime
    seen_at: datetime


class ThrottledError(Exception):
    """Too many wrong secrets; wait so long [s]."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"wait {wait_s:.0f} s")
        self.wait_s = wait_s


class Grants:
    """Gives tokens and knows them again; they do not outlive the daemon."""

    def __init__(self, tokens: Tokens, clock: Clock) -> None:
        self._tokens, self._clock = tokens, clock
        self._grants: dict[str, Grant] = {}
        self._tries = Attempts(burst=WRONG_BURST, period_s=WRONG_PERIOD_S, clock_s=lambda: clock.now().timestamp())

    async def give(self, client_id: str, secret: str, wanted: frozenset[str], address: str) -> tuple[str, Grant] | None:
        """Return a token and what it opens: of `wanted`, or of everything if nothing is wanted, what the caller may.

        None if the secret is wrong. Raises `ThrottledError`, and `UnavailableError` if nobody can tell.
        """
        if wait_s := self._tries.take(neighbourhood(address)):
            raise ThrottledError(wait_s)
        caller = await self._tokens.check(client_id, secret)
        if caller is None:
            return None
        self._tries.forgive(neighbourhood(address))
        now = self._clock.now()
        self._forget(now)
        token = secrets.token_urlsafe(32)
        opens = scopes_of(caller) & (wanted or SCOPES)
        grant = Grant(client_id=client_id, by=caller.name, scopes=opens, until=now + LASTS, seen_at=now)
        self._grants[token] = grant
        return token, grant

    async def find(self, token: str) -> Grant | None:
        """Return what a token opens, None if it is unknown, has ended, or its machine was revoked."""
        grant, now = self._grants.get(token), self._clock.now()
        if grant is None or grant.until <= now:
            return None
        if now - grant.seen_at >= SEEN_ANEW:
            if not await self._lasts(grant):
                del self._grants[token]
                return None
            grant.seen_at = now
        return grant

    async def _lasts(self, grant: Grant) -> bool:
        try:
            return await self._tokens.lasts(grant.client_id)
        except UnavailableError:
            return True  # who was known goes on being known while the database is away

    def _forget(self, now: datetime) -> None:
        self._grants = {token: grant for token, grant in self._grants.items() if grant.until > now}
        while len(self._grants) >= TOKENS_MAX:
            del self._grants[next(iter(self._grants))]


def scopes_of(caller: Caller) -> frozenset[str]:
    """Return the scopes of a caller's rights: who may publish signals is business logic, who may read is a VEN."""
    return (READING | OWN if caller.may(Right.READ) else frozenset()) | (BUSINESS if caller.may(Right.SIGNAL) else frozenset())
