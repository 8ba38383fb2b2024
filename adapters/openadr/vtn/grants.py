"""OAuth2 client credentials: who gets a token, and what it opens."""

import secrets
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from v2g.access import Caller, Right
from v2g.accounts import Tokens
from v2g.ports import Clock

LASTS = timedelta(hours=1)
TOKENS_MAX = 10_000
FAILURES, WITHIN = 10, timedelta(minutes=1)
"""An address that showed so many wrong secrets in this time is not listened to for as long."""
ADDRESSES_MAX = 10_000
READING = frozenset({"read_targets", "read_ven_objects"})
OWN = frozenset({"write_reports", "write_subscriptions", "write_vens"})
BUSINESS = frozenset({"read_all", "write_programs", "write_events"})
SCOPES = READING | OWN | BUSINESS


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a bearer token stands for."""

    client_id: str
    by: str
    scopes: frozenset[str]
    until: datetime


class ThrottledError(Exception):
    """Too many wrong secrets."""


class Grants:
    """Gives tokens and knows them again; they do not outlive the daemon."""

    def __init__(self, tokens: Tokens, clock: Clock) -> None:
        self._tokens, self._clock = tokens, clock
        self._grants: dict[str, Grant] = {}
        self._failures: dict[str, deque[datetime]] = {}

    async def give(self, client_id: str, secret: str, wanted: frozenset[str], address: str) -> tuple[str, Grant] | None:
        """Return a token and what it opens: of `wanted`, or of everything if nothing is wanted, what the caller may.

        None if the secret is wrong. Raises `ThrottledError`, and `UnavailableError` if nobody can tell.
        """
        now, failures = self._clock.now(), self._failures.get(address, deque())
        while failures and failures[0] <= now - WITHIN:
            failures.popleft()
        if len(failures) >= FAILURES:
            raise ThrottledError
        caller = await self._tokens.check(client_id, secret)
        if caller is None:
            self._note(address, failures, now)
            return None
        self._forget(now)
        token = secrets.token_urlsafe(32)
        opens = scopes_of(caller) & (wanted or SCOPES)
        self._grants[token] = Grant(client_id=client_id, by=caller.name, scopes=opens, until=now + LASTS)
        return token, self._grants[token]

    def find(self, token: str) -> Grant | None:
        """Return what a token opens, None if it is unknown or has ended."""
        grant = self._grants.get(token)
        return grant if grant is not None and grant.until > self._clock.now() else None

    def _note(self, address: str, failures: deque[datetime], now: datetime) -> None:
        failures.append(now)
        self._failures[address] = failures
        while len(self._failures) > ADDRESSES_MAX:
            del self._failures[next(iter(self._failures))]

    def _forget(self, now: datetime) -> None:
        self._grants = {token: grant for token, grant in self._grants.items() if grant.until > now}
        while len(self._grants) >= TOKENS_MAX:
            del self._grants[next(iter(self._grants))]


def scopes_of(caller: Caller) -> frozenset[str]:
    """Return the scopes of a caller's rights: who may publish signals is business logic, who may read is a VEN."""
    return (READING | OWN if caller.may(Right.READ) else frozenset()) | (BUSINESS if caller.may(Right.SIGNAL) else frozenset())
