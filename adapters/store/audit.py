"""The audit log: what was asked for, decided and sent, each entry chained to the one before by its hash.

    hash[n] = SHA-256(hash[n-1] ‖ entry[n]),    hash[0] = 64 zeros

`entry` is canonical JSON (keys sorted, no spaces, ASCII) of the entry's number, instant, kind and facts. The database itself
refuses to change or delete entries (triggers, migration 0006); the chain shows if somebody got around that. That the newest entries
were cut off, it cannot show by itself: note the head now and then, and give it to the check.

Every function runs inside a transaction; those that write, in the database thread.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, insert, select, text

from adapters.store.tables import audit
from v2g.codec import encode
from v2g.setpoint import Applied, DispatchReport, Outcome, Rejected

GENESIS = "0" * 64
READ_AT_ONCE = 1000


class AuditKind(StrEnum):
    """What an entry is about."""

    SIGNAL = "signal"
    WITHDRAWAL = "withdrawal"
    WISHES = "wishes"
    PLAN = "plan"
    SETPOINTS = "setpoints"
    CUTS = "cuts"
    LOGIN = "login"
    PEOPLE = "people"
    MACHINES = "machines"
    OVERRIDE = "override"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditCheck:
    """`n` entries are in order up to `head`, the last one's hash; `broken` says what is wrong after it, "" if nothing."""

    n: int
    head: str
    broken: str = ""


def append(connection: Connection, kind: AuditKind, at: datetime, facts: Any) -> None:
    """Add an entry; it is kept, or not, with all else that the transaction does."""
    if connection.dialect.name == "postgresql":  # SQLite has one writer anyway
        connection.execute(text("LOCK TABLE audit IN SHARE ROW EXCLUSIVE MODE"))
    last = connection.execute(select(audit.c.id, audit.c.hash).order_by(audit.c.id.desc()).limit(1)).first()
    number, head = (last.id + 1, last.hash) if last else (1, GENESIS)
    entry = canonical({"id": number, "at": at, "kind": kind, "facts": facts})
    row = {"id": number, "at": at, "kind": kind.value, "entry": entry, "hash": link(head, entry)}
    connection.execute(insert(audit).values(row))


def append_report(connection: Connection, kind: AuditKind, at: datetime, tick: int, report: DispatchReport) -> None:
    """Add what was sent and what became of it, one entry for all units; nothing if nothing was sent."""
    if report.outcomes or report.withheld:
        withheld = [s.unit_id for s in report.withheld]
        append(connection, kind, at, {"tick": tick, "sent": [_sent(o) for o in report.outcomes], "withheld": withheld})


def check(connection: Connection, known: str = "") -> AuditCheck:
    """Follow the chain from its beginning to its first broken link, or to its end; `known`, a head noted before, must lie on it."""
    n, head, seen = 0, GENESIS, not known
    for row in read(connection):
        if broken := fault(row, n + 1, head):
            return AuditCheck(n=n, head=head, broken=broken)
        n, head = row.id, row.hash
        seen = seen or head == known
    return AuditCheck(n=n, head=head, broken="" if seen else f"the head {known} noted before is not there")


def read(connection: Connection) -> Iterator[Row[Any]]:
    """Return the entries, oldest first, without holding them all."""
    rows = connection.execute(select(audit).order_by(audit.c.id).execution_options(yield_per=READ_AT_ONCE))
    yield from rows


def canonical(value: Any) -> str:
    """Return the one way to write `value` as JSON."""
    return json.dumps(encode(value), sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def link(head: str, entry: str) -> str:
    """Return the hash of an entry after the one whose hash is `head`."""
    return sha256(f"{head}{entry}".encode()).hexdigest()


def fault(row: Row[Any], number: int, head: str) -> str:
    """Return what is wrong with an entry that should have this number and follow this hash, "" if nothing."""
    if row.id != number:
        return f"entry {number} is missing"
    if row.hash != link(head, row.entry):
        return f"entry {number} is not what was written, or does not follow the one before"
    told = json.loads(row.entry)
    if [told["id"], told["at"], told["kind"]] != [row.id, encode(row.at), row.kind]:
        return f"entry {number} says otherwise than its columns"
    return ""


def _sent(outcome: Outcome) -> dict[str, Any]:
    setpoint = outcome.setpoint
    said = {"unit": setpoint.unit_id, "power_kw": setpoint.power_kw, "until": setpoint.valid_until, "why": setpoint.why}
    said |= {"bound_by": setpoint.bound_by, "outcome": type(outcome).__name__}
    if isinstance(outcome, Applied):
        return said | {"at": outcome.at}
    return said | {"reason": outcome.reason} if isinstance(outcome, Rejected) else said
