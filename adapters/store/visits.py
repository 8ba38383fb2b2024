"""Visits that ended, as rows. Every function runs in the database thread, inside a transaction."""

from dataclasses import fields
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, insert, select

from adapters.store.tables import visits
from v2g.session import EndedVisit

COLUMNS = [visits.c[field.name] for field in fields(EndedVisit)]


def save(connection: Connection, visit: EndedVisit, keep: timedelta) -> None:
    """Add a visit; drop those that ended longer than `keep` before it."""
    connection.execute(delete(visits).where(visits.c.left_at < visit.left_at - keep))
    connection.execute(insert(visits).values({column.name: getattr(visit, column.name) for column in COLUMNS}))


def read(connection: Connection, since: datetime) -> tuple[EndedVisit, ...]:
    """Return the visits that ended from `since` on, the first to end first."""
    return _read(connection, visits.c.left_at >= since)


def read_during(connection: Connection, since: datetime, until: datetime) -> tuple[EndedVisit, ...]:
    """Return the visits of which some part lay in [since, until), the first to end first."""
    return _read(connection, visits.c.left_at >= since, visits.c.plugged_in_at < until)


def _read(connection: Connection, *where: ColumnElement[bool]) -> tuple[EndedVisit, ...]:
    query = select(*COLUMNS).where(*where).order_by(visits.c.left_at, visits.c.id)
    return tuple(EndedVisit(**row) for row in connection.execute(query).mappings())
