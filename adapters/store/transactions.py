"""Charging transactions as rows. Every function runs in the database thread, inside a transaction."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from adapters.store.tables import transactions
from v2g.station import OpenTransaction


def begin(connection: Connection, facts: dict[str, Any]) -> int:
    """Return the id of the transaction with these facts (all columns but id and end), a new one if there is none.

    A reference alone makes it the same; then a driver who was not known is filled in.
    """
    t = transactions.c
    names = ("station_id", "reference") if facts["reference"] else tuple(facts)
    same = [t[name] == facts[name] for name in names]
    connection.execute(update(transactions).where(*same, t.driver == "").values(driver=facts["driver"]))
    known = select(t.transaction_id).where(*same)
    new = insert(transactions).values(facts).returning(t.transaction_id)
    return int(connection.scalar(known) or connection.execute(new).scalar_one())


def end(connection: Connection, transaction_id: int, *, meter_stop_kwh: float, at: datetime, reason: str) -> None:
    """Keep a transaction's end; the first one told stays."""
    t = transactions.c
    still_open = update(transactions).where(t.transaction_id == transaction_id, t.ended_at.is_(None))
    connection.execute(still_open.values(ended_at=at, meter_stop_kwh=meter_stop_kwh, end_reason=reason))


def read_open(connection: Connection, station_id: str) -> tuple[OpenTransaction, ...]:
    """Return the station's transactions that have not ended, oldest first."""
    t = transactions.c
    columns = (t.transaction_id, t.station_id, t.connector_id, t.driver, t.meter_start_kwh, t.began_at, t.reference)
    query = select(*columns).where(t.station_id == station_id, t.ended_at.is_(None)).order_by(t.transaction_id)
    return tuple(OpenTransaction(**row) for row in connection.execute(query).mappings())
