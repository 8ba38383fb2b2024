"""Values to rows and back. Every function runs in the database thread, inside a transaction."""

import json
import math
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import islice
from typing import Any, TypeVar

import structlog
from sqlalchemy import Column, Connection, TypeCoerce, bindparam, delete, insert, or_, select, type_coerce, update
from sqlalchemy.types import NullType

from adapters.store import tables
from adapters.store.audit import AuditKind, append, append_report
from v2g.codec import decode, encode, written
from v2g.errors import InputError
from v2g.record import Memory, TickRecord
from v2g.session import Wishes
from v2g.setpoint import Applied
from v2g.signals import Signal, Signals
from v2g.station import HistoryPoint

log = structlog.get_logger(__name__)
T = TypeVar("T")
DAMAGE = (InputError, TypeError, ValueError, ArithmeticError, RecursionError, zlib.error)
"""What reading a row that was cut short, overwritten or edited by hand may raise."""
MEMORY_ID = 1
SEEN = update(tables.wishes).where(tables.wishes.c.session_id == bindparam("of")).values(saved_at=bindparam("at"))
"""One by one: a list of each length would be a statement of its own, of which the driver keeps 128, 40 KB each for 500 sessions."""
PIECES = 200
"""Of JSON, compressed at once: some ten KB, so that a fleet's record is never in memory whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long things are kept: whole ticks for replay, history points, drivers' wishes, visits that ended."""

    ticks: timedelta = timedelta(days=14)
    history: timedelta = timedelta(days=800)
    wishes: timedelta = timedelta(days=30)
    visits: timedelta = timedelta(days=180)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptWishes:
    """What a session's driver asked for; `seen_at` is when it was stated or, later, when a tick last saw the car there."""

    session_id: str
    evse_id: str
    seen_at: datetime
    wishes: Wishes


def pack(value: Any) -> bytes:
    """Return `value` as compressed JSON."""
    pieces, compressor, packed = written(value), zlib.compressobj(), []
    while text := "".join(islice(pieces, PIECES)):
        packed.append(compressor.compress(text.encode()))
    return b"".join((*packed, compressor.flush()))


def unpack(kind: type[T], packed: bytes) -> T:
    """Return what `pack` was given."""
    return decode(kind, json.loads(zlib.decompress(packed)))


def _raw(column: Column[Any]) -> TypeCoerce[Any]:
    """Return the column as the database holds it, so that one row that cannot be read does not end the query."""
    return type_coerce(column, NullType())


def _sound(kind: type[T], table: str, key: object, data: Any) -> T | None:
    """Return a row's value, packed or JSON; None, and a warning, if it is damaged. PostgreSQL's driver reads JSON by itself."""
    try:
        return unpack(kind, data) if isinstance(data, bytes) else decode(kind, json.loads(data) if isinstance(data, str) else data)
    except DAMAGE as error:
        log.warning("row_damaged", table=table, row=key, reason=str(error), mend="left out; delete it to be rid of this")
        return None


def write_tick(connection: Connection, record: TickRecord, keep: timedelta) -> None:
    """Add a tick, to the audit log too; drop those older than `keep`.

    At the wishes of the cars it saw it is noted that they are still theirs.
    """
    packed = pack(record)
    site_power, limit_kw = record.observation.site_power_kw, float(record.plan.import_limit_kw[0])
    row = {
        "tick": record.tick,
        "at": record.at,
        "rung": record.plan.rung.value,
        "reason": record.plan.reason,
        "gap_frac": record.plan.gap_frac,
        "solve_s": record.plan.solve_s,
        "import_kw": None if site_power is None else site_power.value,
        "import_limit_kw": limit_kw if math.isfinite(limit_kw) else None,
        "n_setpoints": len(record.setpoints),
        "n_refused": sum(not isinstance(outcome, Applied) for outcome in record.report.outcomes),
        "n_alarms": len(record.alarms),
        "record": packed,
    }
    connection.execute(insert(tables.ticks).values(row))
    facts = {"tick": record.tick, "rung": record.plan.rung, "reason": record.plan.reason, "gap_frac": record.plan.gap_frac}
    append(connection, AuditKind.PLAN, record.at, facts | {"record_sha256": sha256(packed).hexdigest()})
    append_report(connection, AuditKind.SETPOINTS, record.at, record.tick, record.report)
    connection.execute(delete(tables.ticks).where(tables.ticks.c.at < record.at - keep))
    sessions = [state.session.session_id for state in record.observation.evses if state.session and state.online]
    if sessions:
        connection.execute(SEEN, [{"of": session_id, "at": record.at} for session_id in sessions])


def read_ticks(connection: Connection, since: datetime, until: datetime) -> tuple[TickRecord, ...]:
    """Return the ticks in [since, until), oldest first."""
    t = tables.ticks.c
    rows = connection.execute(select(t.id, _raw(t.record)).where(t.at >= since, t.at < until).order_by(t.at, t.id))
    records = (_sound(TickRecord, "ticks", key, packed) for key, packed in rows)
    return tuple(record for record in records if record is not None)


def read_tick_from(connection: Connection, at: datetime) -> TickRecord | None:
    """Return the first tick from `at` on, None where there is none or it is damaged."""
    t = tables.ticks.c
    row = connection.execute(select(t.id, _raw(t.record)).where(t.at >= at).order_by(t.at, t.id).limit(1)).first()
    return None if row is None else _sound(TickRecord, "ticks", *row)


def save_signal(connection: Connection, signal: Signal, now: datetime, by: str) -> None:
    """Keep a signal in place of any with its id."""
    row = {
        "signal_id": signal.signal_id,
        "kind": signal.kind.value,
        "source": signal.source,
        "priority": signal.priority,
        "issued_at": signal.issued_at,
        "ends_at": signal.ends_at,
        "signal": encode(signal),
        "published_by": by,
    }
    connection.execute(delete(tables.signals).where(tables.signals.c.signal_id == signal.signal_id))
    connection.execute(insert(tables.signals).values(row))
    append(connection, AuditKind.SIGNAL, now, encode(signal) | {"by": by})


def withdraw_signal(connection: Connection, signal_id: str, now: datetime, by: str) -> bool:
    """Mark a signal as taken back; False if there is none in force."""
    t = tables.signals.c
    query = (
        update(tables.signals).where(t.signal_id == signal_id, t.withdrawn_at.is_(None)).values(withdrawn_at=now, withdrawn_by=by)
    )
    if connection.execute(query).rowcount == 0:
        return False
    append(connection, AuditKind.WITHDRAWAL, now, {"signal_id": signal_id, "by": by})
    return True


def read_signals(connection: Connection, now: datetime) -> Signals:
    """Return the signals that are neither withdrawn nor over at `now`, in the order issued."""
    t = tables.signals.c
    query = select(t.signal_id, _raw(t.signal)).where(t.withdrawn_at.is_(None), t.ends_at > now)
    rows = connection.execute(query.order_by(t.issued_at, t.signal_id))
    signals = (_sound(Signal, "signals", key, data) for key, data in rows)
    return tuple(signal for signal in signals if signal is not None)


def save_wishes(
    connection: Connection, *, session_id: str, evse_id: str, wishes: Wishes, by: str, now: datetime, keep: timedelta
) -> None:
    """Keep what the driver of a session asked for, in place of what was asked before; forget what is older than `keep`."""
    t = tables.wishes.c
    connection.execute(delete(tables.wishes).where(or_(t.session_id == session_id, t.saved_at < now - keep)))
    asked = {"session_id": session_id, "evse_id": evse_id, "wishes": encode(wishes)}
    connection.execute(insert(tables.wishes).values(**asked, saved_at=now))
    append(connection, AuditKind.WISHES, now, asked | {"by": by})


def read_wishes(connection: Connection) -> tuple[KeptWishes, ...]:
    """Return the wishes kept."""
    t = tables.wishes.c
    rows = connection.execute(select(t.session_id, t.evse_id, t.saved_at, _raw(t.wishes)))
    return tuple(
        KeptWishes(session_id=session_id, evse_id=evse_id, seen_at=saved_at, wishes=wishes)
        for session_id, evse_id, saved_at, data in rows
        if (wishes := _sound(Wishes, "wishes", session_id, data)) is not None
    )


def append_point(connection: Connection, point: HistoryPoint, keep: timedelta) -> None:
    """Keep a point in place of any at its instant; drop those older than `keep`."""
    t = tables.history.c
    connection.execute(delete(tables.history).where(or_(t.at == point.at, t.at < point.at - keep)))
    values = {column.name: getattr(point, column.name) for column in tables.history.columns}
    if not math.isfinite(point.import_limit_kw):
        values["import_limit_kw"] = None
    connection.execute(insert(tables.history).values(values))


def read_points(connection: Connection, since: datetime) -> tuple[HistoryPoint, ...]:
    """Return the points from `since` on, oldest first."""
    query = select(tables.history).where(tables.history.c.at >= since).order_by(tables.history.c.at)
    return tuple(_point(dict(row)) for row in connection.execute(query).mappings())


def _point(row: dict[str, Any]) -> HistoryPoint:
    limit_kw = row.pop("import_limit_kw")
    return HistoryPoint(**row, import_limit_kw=math.inf if limit_kw is None else limit_kw)


def save_memory(connection: Connection, memory: Memory, now: datetime) -> None:
    """Keep the memory in place of the last."""
    connection.execute(delete(tables.memory))
    connection.execute(insert(tables.memory).values(id=MEMORY_ID, saved_at=now, memory=pack(memory)))


def read_memory(connection: Connection) -> Memory | None:
    """Return the memory kept, None if there is none or it is damaged."""
    packed = connection.scalar(select(_raw(tables.memory.c.memory)))
    return None if packed is None else _sound(Memory, "memory", MEMORY_ID, packed)
