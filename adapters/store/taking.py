"""What the control loop wants kept, taken into the database in order, and each write once. Runs in the database thread.

Every write has a number; the transaction that keeps it notes the number, and one that is not above it was kept before: a write
whose answer was lost, or a line of the spill that a crash kept from being taken off.
"""

from datetime import datetime
from itertools import islice

import structlog
from sqlalchemy import Connection, select, update

from adapters.store import audit, forecasting, rows, visits
from adapters.store.rows import DAMAGE, Retention, pack, unpack
from adapters.store.spill import Spill, Spilled
from adapters.store.tables import taken
from adapters.store.writer import OWN_FAULTS
from v2g.record import LookRecord, Memory, TickRecord
from v2g.session import EndedVisit
from v2g.standing import ForecastScore
from v2g.station import HistoryPoint

log = structlog.get_logger(__name__)

Kept = TickRecord | LookRecord | Memory | EndedVisit | HistoryPoint | ForecastScore
KINDS: dict[str, type[Kept]] = {
    kind.__name__: kind for kind in (TickRecord, LookRecord, Memory, EndedVisit, HistoryPoint, ForecastScore)
}
AT_ONCE = 64
"""Spilled writes in one transaction."""


def last_taken(connection: Connection) -> int:
    """Return the number of the last write that was kept."""
    return int(connection.execute(select(taken.c.number)).scalar_one())


def take(connection: Connection, number: int, value: Kept, now: datetime, keep: Retention) -> None:
    """Keep a write unless it was kept before."""
    if number <= last_taken(connection):
        return
    _keep(connection, value, now, keep)
    connection.execute(update(taken).values(number=number))


def put_aside(spill: Spill, number: int, value: Kept) -> None:
    """Spill a write. Raises `UnavailableError` if that is not possible either."""
    spill.append(number, type(value).__name__, pack(value))


def take_in(connection: Connection, spill: Spill, now: datetime, keep: Retention) -> tuple[int, int, int]:
    """Keep the next spilled writes; return how many lines that were, where they end, and how many of them could not be read."""
    lines = tuple(islice(spill.lines(), AT_ONCE))
    damaged = sum(not _take_line(connection, line, now, keep) for line in lines)
    return len(lines), lines[-1].end if lines else 0, damaged


def _take_line(connection: Connection, line: Spilled, now: datetime, keep: Retention) -> bool:
    """Return whether the line is in the database; one that never will be must not keep the others from it."""
    savepoint = connection.begin_nested()
    try:
        take(connection, line.number, unpack(KINDS[line.kind], line.packed), now, keep)
    except (*OWN_FAULTS, *DAMAGE, KeyError) as error:
        savepoint.rollback()
        log.warning("spilled_record_lost", number=line.number, kind=line.kind, reason=str(error))
        return False
    savepoint.commit()
    return True


def _keep(connection: Connection, value: Kept, now: datetime, keep: Retention) -> None:
    match value:
        case TickRecord():
            rows.write_tick(connection, value, keep.ticks)
        case LookRecord():
            audit.append_report(connection, audit.AuditKind.CUTS, value.at, value.tick, value.report)
        case Memory():
            rows.save_memory(connection, value, now)
        case EndedVisit():
            visits.save(connection, value, keep.visits)
        case HistoryPoint():
            rows.append_point(connection, value, keep.history)
        case ForecastScore():
            forecasting.save_score(connection, value, keep.visits)
