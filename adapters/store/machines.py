"""Machines and their tokens as rows; of tokens only hashes. Every function runs in the database thread, inside a transaction."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from adapters.store.audit import AuditKind, append
from adapters.store.people import Known
from adapters.store.tables import machines
from v2g.access import Caller, CallerKind, Right, Role
from v2g.accounts import Machine


def issue(connection: Connection, machine: Machine, token_hash: str, *, now: datetime) -> None:
    """Keep a new machine; forget those whose tokens have ended."""
    connection.execute(delete(machines).where(machines.c.until <= machine.created_at))
    rights = sorted(right.value for right in machine.rights)
    row = {
        "machine_id": machine.machine_id,
        "name": machine.name,
        "role": machine.role.value,
        "rights": rights,
        "token_hash": token_hash,
        "created_at": machine.created_at,
        "created_by": machine.created_by,
        "until": machine.until,
    }
    connection.execute(insert(machines).values(row))
    facts = {"deed": "issued", "machine_id": machine.machine_id, "name": machine.name, "role": machine.role, "rights": rights}
    append(connection, AuditKind.MACHINES, now, facts | {"until": machine.until, "by": machine.created_by})


def revoke(connection: Connection, machine_id: str, *, now: datetime, by: str) -> bool:
    """End a machine's token; False if there is none of that id."""
    name = connection.scalar(delete(machines).where(machines.c.machine_id == machine_id).returning(machines.c.name))
    if name is None:
        return False
    append(connection, AuditKind.MACHINES, now, {"deed": "revoked", "machine_id": machine_id, "name": name, "by": by})
    return True


def read_machines(connection: Connection, now: datetime) -> tuple[Machine, ...]:
    """Return the machines whose tokens have not ended at `now`, the newest first."""
    query = select(machines).where(machines.c.until > now).order_by(machines.c.created_at.desc(), machines.c.machine_id)
    return tuple(_machine(row) for row in connection.execute(query))


def read_tokens(connection: Connection, now: datetime) -> Known:
    """Return whose tokens have not ended at `now`, by the tokens' hashes."""
    rows = connection.execute(select(machines).where(machines.c.until > now))
    return {row.token_hash: (as_caller(_machine(row)), row.until) for row in rows}


def find(connection: Connection, machine_id: str, token_hash: str, now: datetime) -> Caller | None:
    """Return the machine with this id and token, None if there is none at `now`."""
    t = machines.c
    row = connection.execute(select(machines).where(t.machine_id == machine_id, t.token_hash == token_hash, t.until > now)).first()
    return as_caller(_machine(row)) if row else None


def lasts(connection: Connection, machine_id: str, now: datetime) -> bool:
    """Return whether the machine with this id has a token at `now`."""
    t = machines.c
    return connection.execute(select(t.machine_id).where(t.machine_id == machine_id, t.until > now)).first() is not None


def as_caller(machine: Machine) -> Caller:
    """Return a machine as one who calls."""
    return Caller(name=machine.name, role=machine.role, kind=CallerKind.MACHINE, scope=machine.rights)


def _machine(row: Row[Any]) -> Machine:
    return Machine(
        machine_id=row.machine_id,
        name=row.name,
        role=Role(row.role),
        rights=frozenset(Right(right) for right in row.rights),
        created_at=row.created_at,
        created_by=row.created_by,
        until=row.until,
    )
