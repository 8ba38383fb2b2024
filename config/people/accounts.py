"""People and machines over the database: fills `v2g.accounts.Accounts`."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256

from adapters.store import machines, people
from adapters.store.people import Known
from adapters.store.store import Store
from adapters.store.writer import Job, T
from config.people.passwords import Passwords
from v2g.access import FOR_MACHINES, Caller, CallerKind, Right, Role
from v2g.accounts import Login, Machine, Person, Secret, check_name
from v2g.errors import UnavailableError
from v2g.ports import Clock

SESSION = timedelta(hours=12)
LINK = timedelta(hours=24)
SEEN_ANEW = timedelta(seconds=5)
"""What another process changed, `v2g people remove` for example, is in force here after so long at most."""
FIRST_ADMIN = "admin"


@dataclass(slots=True)
class _Seen:
    """What the database said last of those who are known by a hash, and when."""

    read: Callable[..., Known]
    known: Known = field(default_factory=dict)
    at: datetime | None = None


class LiveAccounts:
    """Accounts in `store`; sessions and tokens end by `clock`, the wall's, however fast the station's runs."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock, self._passwords = store, clock, Passwords()
        self._sessions, self._tokens = _Seen(people.read_sessions), _Seen(machines.read_tokens)

    async def by_session(self, session: str) -> Caller | None:
        """Return who logged in with this session."""
        return await self._lookup(self._sessions, session)

    async def by_token(self, token: str) -> Caller | None:
        """Return which machine has this token."""
        return await self._lookup(self._tokens, token)

    async def check(self, client_id: str, secret: str) -> Caller | None:
        """Return the machine with this id and token."""
        return await self._store.run(partial(machines.find, machine_id=client_id, token_hash=digest(secret), now=self._clock.now()))

    async def lasts(self, client_id: str) -> bool:
        """Return whether the machine with this id still has its token."""
        return await self._store.run(partial(machines.lasts, machine_id=client_id, now=self._clock.now()))

    async def log_in(self, name: str, password: str) -> Login | None:
        """Return a new session, None if the name or the password is wrong."""
        kept = await self._store.run(partial(people.password_of, name=name))
        return await self._session(name) if await self._passwords.fits(password, kept) else None

    async def accept(self, link: str, password: str) -> Login | None:
        """Take the password chosen by a one-time link."""
        password_hash = await self._passwords.hash(password)
        job = partial(
            people.accept,
            link_hash=digest(link),
            password_hash=password_hash,
            now=self._clock.now(),
            audit_at=self._store.now(),
        )
        name = await self._changing(job)
        return None if name is None else await self._session(name)

    async def log_out(self, session: str) -> None:
        """End a session."""
        await self._changing(partial(people.log_out, session_hash=digest(session), now=self._store.now()))

    async def change_password(self, name: str, old: str, new: str) -> bool:
        """Take a new password and end the person's sessions; False if the old one is wrong."""
        if not await self._passwords.fits(old, await self._store.run(partial(people.password_of, name=name))):
            return False
        password_hash = await self._passwords.hash(new, name=name)
        await self._changing(partial(people.set_password, name=name, password_hash=password_hash, now=self._store.now()))
        return True

    async def people(self) -> tuple[Person, ...]:
        """Return everybody, by name."""
        return await self._store.run(people.read_people)

    async def invite(self, name: str, role: Role, by: str) -> Secret:
        """Return a one-time link for a new person."""
        link, now = self._secret(LINK), self._store.now()
        job = partial(
            people.invite, name=check_name(name), role=role, link_hash=digest(link.text), until=link.until, now=now, by=by
        )
        await self._store.run(job)
        return link

    async def reinvite(self, name: str, by: str) -> Secret | None:
        """Return a one-time link by which somebody chooses another password."""
        link, now = self._secret(LINK), self._store.now()
        job = partial(people.reinvite, name=name, link_hash=digest(link.text), until=link.until, now=now, by=by)
        return link if await self._store.run(job) else None

    async def first_link(self) -> Secret | None:
        """Return a link for the first admin as long as nobody can administer, else None."""
        if await self._store.run(people.n_admins):
            return None
        return await self.reinvite(FIRST_ADMIN, by="first start") or await self.invite(FIRST_ADMIN, Role.ADMIN, by="first start")

    async def set_role(self, name: str, role: Role, by: str) -> bool:
        """Change a role."""
        return await self._changing(partial(people.set_role, name=name, role=role, now=self._store.now(), by=by))

    async def remove(self, name: str, by: str) -> bool:
        """Remove a person and end their sessions."""
        return await self._changing(partial(people.remove, name=name, now=self._store.now(), by=by))

    async def machines(self) -> tuple[Machine, ...]:
        """Return all machines whose tokens have not ended."""
        return await self._store.run(partial(machines.read_machines, now=self._clock.now()))

    async def issue(self, *, name: str, role: Role, rights: frozenset[Right], days: float, by: str) -> tuple[Machine, Secret]:
        """Return a new machine and its token."""
        token = self._secret(timedelta(days=days))
        machine = Machine(
            machine_id=secrets.token_hex(6),
            name=check_name(name),
            role=role,
            rights=rights & FOR_MACHINES,
            created_at=self._clock.now(),
            created_by=by,
            until=token.until,
        )
        await self._changing(partial(machines.issue, machine=machine, token_hash=digest(token.text), now=self._store.now()))
        return machine, token

    async def revoke(self, machine_id: str, by: str) -> bool:
        """End a token."""
        return await self._changing(partial(machines.revoke, machine_id=machine_id, now=self._store.now(), by=by))

    async def _session(self, name: str) -> Login | None:
        session = self._secret(SESSION)
        job = partial(
            people.log_in,
            name=name,
            session_hash=digest(session.text),
            since=self._clock.now(),
            until=session.until,
            audit_at=self._store.now(),
        )
        role = await self._changing(job)
        return Login(caller=Caller(name=name, role=role, kind=CallerKind.PERSON), session=session) if role else None

    def _secret(self, lasts: timedelta) -> Secret:
        return Secret(text=secrets.token_urlsafe(32), until=self._clock.now() + lasts)

    async def _changing(self, job: Job[T]) -> T:
        """Run a job after which those known are asked for anew."""
        result = await self._store.run(job)
        self._sessions.at = self._tokens.at = None
        return result

    async def _lookup(self, seen: _Seen, shown: str) -> Caller | None:
        now = self._clock.now()
        if seen.at is None or now - seen.at >= SEEN_ANEW:
            try:
                seen.known, seen.at = await self._store.run(partial(seen.read, now=now)), now
            except UnavailableError:
                seen.at = now  # who was known goes on being known: people must see a station whose database is away
        caller, until = seen.known.get(digest(shown), (None, now))
        return caller if until > now else None


def digest(secret: str) -> str:
    """Return what is kept of a secret: 256 random bits need no slow hash (unlike passwords)."""
    return sha256(secret.encode()).hexdigest()
