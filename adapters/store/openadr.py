"""OpenADR objects as rows: a version is added, none is changed. Every function runs in the database thread, in a transaction."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, func, insert, select

from adapters.store.tables import openadr_objects

FIELDS = ("object_id", "kind", "client_id", "by", "created_at", "changed_at", "body")


def add_version(connection: Connection, fields: Mapping[str, Any], *, gone: bool) -> None:
    """Add a version of an object; `fields` are `FIELDS`."""
    connection.execute(insert(openadr_objects).values(**fields, gone=gone))


def read_last(connection: Connection) -> list[dict[str, Any]]:
    """Return the last version of every object that is not gone, in the order in which they were made."""
    t = openadr_objects.c
    spans = select(func.min(t.version).label("first"), func.max(t.version).label("last")).group_by(t.kind, t.object_id).subquery()
    query = select(*(t[name] for name in FIELDS)).join(spans, t.version == spans.c.last).where(t.gone.is_(False))
    return [dict(row) for row in connection.execute(query.order_by(spans.c.first)).mappings()]
