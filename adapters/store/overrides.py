"""What people ordered outlets to do, as rows. Every function runs in the database thread, inside a transaction."""

from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from adapters.store.audit import AuditKind, append
from adapters.store.pages import older
from adapters.store.tables import overrides
from v2g.archive import Place
from v2g.codec import decode, encode
from v2g.overrides import Override, PastOverride


def save(connection: Connection, override: Override, now: datetime) -> None:
    """Keep an order; an earlier one for the outlet ends."""
    _end(connection, override.evse_id, now, override.by)
    row = {"override_id": override.override_id, "evse_id": override.evse_id, "issued_at": override.issued_at}
    connection.execute(insert(overrides).values(**row, until=override.until, override=encode(override)))
    append(connection, AuditKind.OVERRIDE, now, override)


def lift(connection: Connection, evse_id: str, now: datetime, by: str) -> bool:
    """End an outlet's order; False if there is none at `now`."""
    if not _end(connection, evse_id, now, by):
        return False
    append(connection, AuditKind.OVERRIDE, now, {"deed": "lifted", "evse_id": evse_id, "by": by})
    return True


def read_active(connection: Connection, now: datetime) -> tuple[Override, ...]:
    """Return the orders whose time is `now`, the oldest first."""
    t = overrides.c
    query = select(t.override).where(t.until > now, t.ended_at.is_(None)).order_by(t.issued_at, t.override_id)
    return tuple(decode(Override, kept) for kept in connection.scalars(query))


def read_past(connection: Connection, before: Place | None, limit: int) -> tuple[PastOverride, ...]:
    """Return up to `limit` orders, the newest first, older than that with this instant and id."""
    t = overrides.c
    query = select(t.override, t.ended_at, t.ended_by)
    rows = connection.execute(older(query, t.issued_at, t.override_id, before).limit(limit))
    return tuple(PastOverride(override=decode(Override, kept), ended_at=at, ended_by=by) for kept, at, by in rows)


def _end(connection: Connection, evse_id: str, now: datetime, by: str) -> bool:
    t = overrides.c
    query = update(overrides).where(t.evse_id == evse_id, t.until > now, t.ended_at.is_(None))
    return bool(connection.execute(query.values(ended_at=now, ended_by=by)).rowcount)
