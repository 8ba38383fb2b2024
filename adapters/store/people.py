"""People and their logins as rows; of secrets only hashes. Every function runs in the database thread, inside a transaction."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from adapters.store.audit import AuditKind, append
from adapters.store.tables import logins, people
from v2g.access import Caller, CallerKind, Role
from v2g.accounts import Person
from v2g.errors import AccessError

LOGINS_MAX = 20
"""A person's sessions at once; a further one ends the oldest."""
Known = dict[str, tuple[Caller, datetime]]
"""Who is known by the hash of what they show, and until when."""


def read_people(connection: Connection) -> tuple[Person, ...]:
    """Return everybody, by name."""
    rows = connection.execute(select(people).order_by(people.c.name))
    return tuple(
        Person(
            name=row.name,
            role=Role(row.role),
            created_at=row.created_at,
            has_password=row.password_hash is not None,
            invited_until=row.link_until,
        )
        for row in rows
    )


def password_of(connection: Connection, name: str) -> str | None:
    """Return the hash of somebody's password, None where there is none."""
    kept: str | None = connection.scalar(select(people.c.password_hash).where(people.c.name == name))
    return kept


def invite(connection: Connection, name: str, role: Role, *, link_hash: str, until: datetime, now: datetime, by: str) -> None:
    """Add a person with a one-time link. Raises `AccessError` if the name is taken."""
    if connection.scalar(select(people.c.name).where(people.c.name == name)):
        raise AccessError("there is somebody of this name", place="name", mend="choose another name, or make them a new link")
    row = {"name": name, "role": role.value, "created_at": now, "link_hash": link_hash, "link_until": until}
    connection.execute(insert(people).values(row))
    append(connection, AuditKind.PEOPLE, now, {"deed": "invited", "name": name, "role": role, "by": by})


def reinvite(connection: Connection, name: str, *, link_hash: str, until: datetime, now: datetime, by: str) -> bool:
    """Give somebody a one-time link in place of an earlier one; False if there is nobody of that name."""
    query = update(people).where(people.c.name == name).values(link_hash=link_hash, link_until=until)
    if connection.execute(query).rowcount == 0:
        return False
    append(connection, AuditKind.PEOPLE, now, {"deed": "invited again", "name": name, "by": by})
    return True


def accept(connection: Connection, link_hash: str, password_hash: str, *, now: datetime, audit_at: datetime) -> str | None:
    """Use up a link, set the password of whose it is and end their sessions; return the name, None if the link does not hold."""
    name: str | None = connection.scalar(select(people.c.name).where(people.c.link_hash == link_hash, people.c.link_until > now))
    if name is None:
        return None
    set_password(connection, name, password_hash, now=audit_at)
    return name


def set_password(connection: Connection, name: str, password_hash: str, *, now: datetime) -> None:
    """Keep a password; links and sessions made before it end."""
    changed = {"password_hash": password_hash, "link_hash": None, "link_until": None}
    connection.execute(update(people).where(people.c.name == name).values(changed))
    connection.execute(delete(logins).where(logins.c.name == name))
    append(connection, AuditKind.PEOPLE, now, {"deed": "chose a password", "name": name, "by": name})


def set_role(connection: Connection, name: str, role: Role, *, now: datetime, by: str) -> bool:
    """Change a role; False if there is nobody of that name. Raises `AccessError` if nobody would be left to administer."""
    before = connection.scalar(select(people.c.role).where(people.c.name == name))
    if before is None:
        return False
    if role is not Role.ADMIN:
        _keep_an_admin(connection, name)
    connection.execute(update(people).where(people.c.name == name).values(role=role.value))
    append(connection, AuditKind.PEOPLE, now, {"deed": "role", "name": name, "role": role, "before": before, "by": by})
    return True


def remove(connection: Connection, name: str, *, now: datetime, by: str) -> bool:
    """Remove somebody and end their sessions; False if there is nobody of that name. Raises `AccessError` as `set_role`."""
    _keep_an_admin(connection, name)
    if connection.execute(delete(people).where(people.c.name == name)).rowcount == 0:
        return False
    connection.execute(delete(logins).where(logins.c.name == name))
    append(connection, AuditKind.PEOPLE, now, {"deed": "removed", "name": name, "by": by})
    return True


def log_in(
    connection: Connection, name: str, session_hash: str, *, since: datetime, until: datetime, audit_at: datetime
) -> Role | None:
    """Keep a session and return the person's role, None if there is nobody of that name.

    Drops sessions that have ended, and the person's oldest beyond `LOGINS_MAX`.
    """
    role = connection.scalar(select(people.c.role).where(people.c.name == name))
    if role is None:
        return None
    connection.execute(delete(logins).where(logins.c.until <= since))
    own = select(logins.c.session_hash).where(logins.c.name == name).order_by(logins.c.since.desc())
    beyond = connection.scalars(own.offset(LOGINS_MAX - 1)).all()
    connection.execute(delete(logins).where(logins.c.session_hash.in_(beyond)))
    connection.execute(insert(logins).values(session_hash=session_hash, name=name, since=since, until=until))
    append(connection, AuditKind.LOGIN, audit_at, {"deed": "logged in", "by": name})
    return Role(role)


def log_out(connection: Connection, session_hash: str, *, now: datetime) -> None:
    """End a session; nothing if there is none."""
    name = connection.scalar(delete(logins).where(logins.c.session_hash == session_hash).returning(logins.c.name))
    if name is not None:
        append(connection, AuditKind.LOGIN, now, {"deed": "logged out", "by": name})


def read_sessions(connection: Connection, now: datetime) -> Known:
    """Return who is logged in at `now`."""
    columns: Any = (logins.c.session_hash, people.c.name, people.c.role, logins.c.until)
    query = select(*columns).join_from(logins, people, logins.c.name == people.c.name).where(logins.c.until > now)
    rows = connection.execute(query)
    return {key: (Caller(name=name, role=Role(role), kind=CallerKind.PERSON), until) for key, name, role, until in rows}


def n_admins(connection: Connection, *, but: str = "") -> int:
    """Return how many can administer, `but` not counted: those who have a password."""
    can = (people.c.role == Role.ADMIN.value, people.c.password_hash.is_not(None), people.c.name != but)
    return int(connection.execute(select(func.count()).select_from(people).where(*can)).scalar_one())


def _keep_an_admin(connection: Connection, name: str) -> None:
    if n_admins(connection) and not n_admins(connection, but=name):
        raise AccessError("nobody would be left to administer", place="name", mend="make somebody else an admin first")
