"""Pages of what was, the newest first. Every function runs in the database thread, inside a transaction."""

from typing import Any

from sqlalchemy import Connection, Select, and_, or_, select

from adapters.store import visits
from adapters.store.tables import signals
from adapters.store.tables import visits as visits_table
from v2g.archive import PastSignal, PastVisit, Place
from v2g.codec import decode
from v2g.errors import InputError
from v2g.session import EndedVisit
from v2g.signals import Signal


def read_visits(connection: Connection, before: Place | None, limit: int) -> tuple[PastVisit, ...]:
    """Return up to `limit` visits that ended before that place."""
    t = visits_table.c
    known = (before[0], _number(before[1])) if before else None
    rows = connection.execute(older(select(t.id, *visits.COLUMNS), t.left_at, t.id, known).limit(limit)).mappings()
    found = [(str(row["id"]), EndedVisit(**{c.name: row[c.name] for c in visits.COLUMNS})) for row in rows]
    return tuple(PastVisit(visit=visit, place=(visit.left_at, number)) for number, visit in found)


def read_signals(connection: Connection, before: Place | None, limit: int) -> tuple[PastSignal, ...]:
    """Return up to `limit` signals issued before that place."""
    t = signals.c
    query = select(t.signal, t.published_by, t.withdrawn_at, t.withdrawn_by)
    rows = connection.execute(older(query, t.issued_at, t.signal_id, before).limit(limit))
    return tuple(
        PastSignal(signal=decode(Signal, kept), published_by=by, withdrawn_at=withdrawn_at, withdrawn_by=withdrawn_by)
        for kept, by, withdrawn_at, withdrawn_by in rows
    )


def older(query: Select[Any], at: Any, key: Any, before: tuple[Any, Any] | None) -> Select[Any]:
    """Return `query`, the newest first, of what is older than `before`: the columns `at`, and `key` among those of one instant."""
    if before is not None:
        query = query.where(or_(at < before[0], and_(at == before[0], key < before[1])))
    return query.order_by(at.desc(), key.desc())


def _number(key: str) -> int:
    """Return the number that a place among rows is. Raises `InputError` if it is none."""
    if not key.isdecimal() or len(key) > 18:  # beyond it no database has integers
        raise InputError("this is no cursor of ours", place="cursor", mend="leave it out to begin anew")
    return int(key)
