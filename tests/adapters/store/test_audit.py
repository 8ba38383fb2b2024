from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import IntegrityError

from adapters.store import Store
from adapters.store.audit import AuditKind, append, check, read
from adapters.store.tables import metadata
from tests.adapters.store.conftest import NOW, ON_FILES
from tests.adapters.store.test_rows import price_curve
from tests.support.fake_station import FakeStation
from v2g.record import LookRecord
from v2g.session import Wishes

N = 8
EDITS: tuple[str, ...] = (
    "UPDATE audit SET entry = replace(entry, 'fact', 'fake') WHERE id = {i}",
    "UPDATE audit SET hash = '0' || substr(hash, 2) || 'x' WHERE id = {i}",
    "UPDATE audit SET kind = 'wishes' WHERE id = {i}",
    "UPDATE audit SET at = '2001-01-01 00:00:00.000000' WHERE id = {i}",
    "UPDATE audit SET id = id + 1000 WHERE id = {i}",
    "DELETE FROM audit WHERE id = {i}",
)


def chained(run: Callable[[Connection], Any]) -> Any:
    """Run on a chain of N entries in tables without the triggers: somebody got around them."""
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        metadata.create_all(connection)
        for i in range(N):
            append(connection, AuditKind.SIGNAL, NOW, {"fact": i})
        result = run(connection)
    engine.dispose()
    return result


@settings(max_examples=60, deadline=None)
@given(edit=st.sampled_from(EDITS), i=st.integers(1, N))
def test_the_first_broken_link_is_found_wherever_an_entry_was_changed(edit: str, i: int) -> None:
    def tampered(connection: Connection) -> None:
        whole = check(connection)
        assert (whole.n, whole.broken) == (N, "")
        connection.execute(text(edit.format(i=i)))
        found = check(connection, known=whole.head)  # the head noted before shows even a cut end
        assert found.n == i - 1
        assert found.broken

    chained(tampered)


def test_a_cut_end_is_found_by_a_head_noted_before_only() -> None:
    def shortened(connection: Connection) -> None:
        noted = check(connection).head
        connection.execute(text("DELETE FROM audit WHERE id > :last"), {"last": N - 2})
        assert check(connection).broken == ""
        assert "noted before" in check(connection, known=noted).broken
        assert check(connection, known=check(connection).head).broken == ""

    chained(shortened)


@ON_FILES
@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE audit SET kind = 'plan'",
        "DELETE FROM audit",
        "INSERT OR REPLACE INTO audit SELECT * FROM audit LIMIT 1",
        "UPDATE OR REPLACE audit SET id = 7",
    ],
)
async def test_the_database_itself_refuses_to_change_the_log(store: Store, edit: str) -> None:
    await store.save_signal(price_curve())
    await store.save_signal(price_curve("p2"))
    with pytest.raises(IntegrityError, match="append-only"):
        await store._writer.run(lambda c: c.exec_driver_sql(edit))
    assert (await store._writer.run(check)).n == 2


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(max_size=5), max_size=5))
def test_any_text_is_chained(said: list[str]) -> None:
    def more(connection: Connection) -> None:
        append(connection, AuditKind.WISHES, NOW, {"said": said, "nan": float("nan")})
        assert check(connection).broken == ""

    chained(more)


async def test_what_is_asked_decided_and_sent_is_logged_in_the_transaction_that_keeps_it(store: Store) -> None:
    record = FakeStation(store._clock).latest()
    assert record is not None
    await store.save_signal(price_curve())
    await store.withdraw_signal("p1")
    await store.withdraw_signal("p1")  # there is none any more: nothing to log
    await store.save_wishes(session_id="s", evse_id="e", wishes=Wishes())
    await store.keep(record)
    await store.keep(LookRecord(tick=record.tick, at=record.at, report=record.report))
    entries = await store._writer.run(lambda c: list(read(c)))
    assert [entry.kind for entry in entries] == ["signal", "withdrawal", "wishes", "plan", "setpoints", "cuts"]
    assert f'"rung":"{record.plan.rung}"' in entries[3].entry
    assert all(o.setpoint.unit_id in entries[4].entry for o in record.report.outcomes)
    assert (await store._writer.run(check)).n == 6
