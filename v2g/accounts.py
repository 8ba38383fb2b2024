"""People who log in and machines with tokens, as the people's side knows them."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from v2g.access import Caller, CallerKind, Right, Role
from v2g.errors import AccessError

LETTERS = r"0-9A-Za-z_\u00c0-\u061b\u0620-\u167f\u1681-\u180a\u1810-\u1fff\u3040-\ud7ff"
"""Of all scripts, without spaces and marks that nobody sees: as ranges, for ``\\w`` is something else in each language."""
NAME = rf"^[{LETTERS}@]([{LETTERS}.@ -]{{0,58}}[{LETTERS}.@-])?$"
NAME_SAID = "letters, digits and . @ - _, up to 60; a letter, a digit, @ or _ first"


def check_name(name: str) -> str:
    """Return the name of a person or a machine; raises `AccessError` where it cannot be one."""
    if name.endswith("\n") or not re.search(NAME, name):
        raise AccessError("that cannot be a name", place=repr(name), mend=f"use {NAME_SAID}")
    return name


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who may log in; `invited_until` is when the link by which they choose a password ends, None if there is none."""

    name: str
    role: Role
    created_at: datetime
    has_password: bool
    invited_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A program with a token that ends at `until`; `rights` narrow what its role may do, `may` is what is left of that."""

    machine_id: str
    name: str
    role: Role
    rights: frozenset[Right]
    created_at: datetime
    created_by: str
    until: datetime

    @property
    def may(self) -> frozenset[Right]:
        """What it may do."""
        return Caller(name=self.name, role=self.role, kind=CallerKind.MACHINE, scope=self.rights).rights


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """What is shown once and kept only as a hash: a token, a link, a login; it ends at `until`."""

    text: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Somebody who has just logged in, and the session by which they are known from now on."""

    caller: Caller
    session: Secret


class Knows(Protocol):
    """Tells who calls, by what was shown. Neither raises: where the database is away, who was known lately still is."""

    async def by_session(self, session: str) -> Caller | None:
        """Return who logged in with this session, None if nobody did or it has ended."""
        ...

    async def by_token(self, token: str) -> Caller | None:
        """Return which machine has this token, None if none has or it has ended."""
        ...


class Tokens(Protocol):
    """Tells machines by an id and a secret, as OAuth2's client credentials come."""

    async def check(self, client_id: str, secret: str) -> Caller | None:
        """Return the machine with this id and token, None if there is none or it has ended."""
        ...

    async def lasts(self, client_id: str) -> bool:
        """Return whether the machine with this id still has its token. Raises `UnavailableError`."""
        ...


class Accounts(Knows, Tokens, Protocol):
    """People and machines. Every deed is written in the audit log, `by` whom; all raise `UnavailableError`."""

    async def log_in(self, name: str, password: str) -> Login | None:
        """Return a new session, None if the name or the password is wrong."""
        ...

    async def accept(self, link: str, password: str) -> Login | None:
        """Take the password chosen by a one-time link; None if it is used, over or unknown. Raises `AccessError` if it is poor."""
        ...

    async def log_out(self, session: str) -> None:
        """End a session; nothing if there is none."""
        ...

    async def change_password(self, name: str, old: str, new: str) -> bool:
        """Take a new password and end the person's sessions; False if the old one is wrong. Raises `AccessError`."""
        ...

    async def people(self) -> tuple[Person, ...]:
        """Return everybody, by name."""
        ...

    async def invite(self, name: str, role: Role, by: str) -> Secret:
        """Return a one-time link for a new person. Raises `AccessError` if the name is taken."""
        ...

    async def reinvite(self, name: str, by: str) -> Secret | None:
        """Return a one-time link by which somebody chooses another password; None if there is nobody of that name."""
        ...

    async def set_role(self, name: str, role: Role, by: str) -> bool:
        """Change a role; False if there is nobody of that name. Raises `AccessError` if nobody would be left to administer."""
        ...

    async def remove(self, name: str, by: str) -> bool:
        """Remove a person and end their sessions; False if there is nobody of that name. Raises `AccessError` as `set_role`."""
        ...

    async def machines(self) -> tuple[Machine, ...]:
        """Return all machines whose tokens have not ended, the newest first."""
        ...

    async def issue(self, *, name: str, role: Role, rights: frozenset[Right], days: float, by: str) -> tuple[Machine, Secret]:
        """Return a new machine and its token."""
        ...

    async def revoke(self, machine_id: str, by: str) -> bool:
        """End a token; False if there is none of that id."""
        ...
