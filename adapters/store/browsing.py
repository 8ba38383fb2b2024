"""What people look up in a station's past, as rows. Every function runs in the database thread, inside a transaction.

Each reads a stretch at most, so that a charger that begins a transaction does not wait behind somebody's curiosity.
"""

import json
from datetime import datetime

import numpy as np
from sqlalchemy import Connection, insert, select

from adapters.store import audit
from adapters.store.tables import audit as log
from adapters.store.tables import history, keys
from v2g.records import AuditChain, AuditEntry, AuditPage
from v2g.timegrid import Array

POINT_COLUMNS = ("import_kw", "pv_kw", "charge_kw", "discharge_kw")
ESCAPE = "\\"


def read_flows(connection: Connection, since: datetime, until: datetime) -> Array:
    """Return the history in [since, until) as columns, oldest first: instant [s since 1970 UTC], `POINT_COLUMNS` [kW], (5, n)."""
    h = history.c
    query = select(h.at, *(h[name] for name in POINT_COLUMNS)).where(h.at >= since, h.at < until).order_by(h.at)
    rows = connection.execute(query).all()
    return np.array([[at.timestamp(), *told] for at, *told in rows], dtype=np.float64).reshape(-1, 1 + len(POINT_COLUMNS)).T


def read_page(connection: Connection, *, kind: str, text: str, before: int | None, most: int) -> AuditPage:
    """Return the newest entries before a number, of this kind ("" = all) in which `text` stands, whatever its case."""
    query = select(log).order_by(log.c.id.desc()).limit(most + 1)
    if before is not None:
        query = query.where(log.c.id < before)
    if kind:
        query = query.where(log.c.kind == kind)
    if text:
        query = query.where(log.c.entry.ilike(_like(text), escape=ESCAPE))
    rows = connection.execute(query).all()
    entries = tuple(
        AuditEntry(number=row.id, at=row.at, kind=row.kind, facts=json.loads(row.entry)["facts"], hash=row.hash)
        for row in rows[:most]
    )
    return AuditPage(entries=entries, older=entries[-1].number if len(rows) > most else None)


def follow(connection: Connection, chain: AuditChain) -> AuditChain:
    """Return the chain followed a stretch beyond `chain`."""
    rows = connection.execute(select(log).where(log.c.id > chain.n).order_by(log.c.id).limit(audit.READ_AT_ONCE)).all()
    n, head = chain.n, chain.head
    for row in rows:
        if broken := audit.fault(row, n + 1, head):
            return AuditChain(n=n, head=head, broken=broken, whole=True)
        n, head = row.id, row.hash
    return AuditChain(n=n, head=head, broken="", whole=len(rows) < audit.READ_AT_ONCE)


def read_lines(connection: Connection, after: int) -> list[tuple[int, str, str]]:
    """Return number, entry and hash of a stretch of the log after a number."""
    query = select(log.c.id, log.c.entry, log.c.hash).where(log.c.id > after).order_by(log.c.id).limit(audit.READ_AT_ONCE)
    return [(number, entry, link) for number, entry, link in connection.execute(query)]


def key(connection: Connection, name: str, fresh: bytes) -> bytes:
    """Return the key of this name; `fresh` is it from now on where there was none."""
    kept = connection.scalar(select(keys.c.key).where(keys.c.name == name))
    if kept is None:
        connection.execute(insert(keys).values(name=name, key=fresh))
    return fresh if kept is None else bytes(kept)


def _like(text: str) -> str:
    """Return the pattern of `text` as it stands in an entry: escaped as JSON, then as a pattern."""
    written = json.dumps(text)[1:-1]
    for special in (ESCAPE, "%", "_"):
        written = written.replace(special, ESCAPE + special)
    return f"%{written}%"
