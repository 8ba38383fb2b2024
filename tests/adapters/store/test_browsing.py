"""What people look up, over a real database."""

from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import Connection, text

from adapters.clock import VirtualClock
from adapters.store import Store, browsing
from adapters.store.audit import GENESIS, AuditKind, append
from config.people.records import StoredRecords
from tests.adapters.store.test_audit import N, chained
from tests.adapters.store.test_rows import NOW, point, price_curve, record_at
from tests.support.fake_station import FakeStation
from tests.support.fake_world import World
from v2g.records import AuditChain
from v2g.results import Period
from v2g.session import EndedVisit, Wishes

BEGIN = AuditChain(n=0, head=GENESIS, broken="", whole=False)


async def test_the_audit_log_is_read_backwards_in_pages_and_searched(store: Store) -> None:
    for i in range(5):
        await store.save_wishes(session_id=f"南岸_{i}%", evse_id="A", wishes=Wishes())
    await store.save_signal(price_curve())
    page = await store.run(partial(browsing.read_page, kind="", text="", before=None, most=4))
    assert ([e.number for e in page.entries], page.older) == ([6, 5, 4, 3], 3)
    page = await store.run(partial(browsing.read_page, kind="", text="", before=page.older, most=4))
    assert ([e.number for e in page.entries], page.older) == ([2, 1], None)

    async def found(text: str, kind: str = "") -> list[int]:
        entries = (await store.run(partial(browsing.read_page, kind=kind, text=text, before=None, most=9))).entries
        return [entry.number for entry in entries]

    assert await found("南岸_3%") == [4]
    assert await found("南岸") == [5, 4, 3, 2, 1]
    assert await found("%_") == []
    assert await found("PRICE") == await found("price") == await found("", "signal") == [6]


def test_the_chain_is_followed_in_stretches_and_a_change_is_found() -> None:
    def looked(connection: Connection) -> tuple[AuditChain, AuditChain, AuditChain]:
        first = browsing.follow(connection, BEGIN)
        append(connection, AuditKind.WISHES, NOW, {})
        second = browsing.follow(connection, first)
        connection.execute(text("UPDATE audit SET kind = 'signal' WHERE id = :n"), {"n": N + 1})
        return first, second, browsing.follow(connection, first)

    first, second, forged = chained(looked)
    assert [(chain.n, chain.whole, chain.broken) for chain in (first, second)] == [(N, True, ""), (N + 1, True, "")]
    assert second.head != first.head
    assert forged.n == N
    assert f"entry {N + 1}" in forged.broken


async def test_lines_and_flows_are_read_in_order_and_a_key_is_made_once(store: Store) -> None:
    for minutes_ago in (10, 30):
        await store.save_signal(price_curve(f"p{minutes_ago}"))
        await store.keep(point(minutes_ago, load_kw=None))
    assert [number for number, _, _ in await store.run(partial(browsing.read_lines, after=1))] == [2]
    flows = await store.run(partial(browsing.read_flows, since=NOW - timedelta(minutes=30), until=NOW))
    assert flows[0].tolist() == [(NOW - timedelta(minutes=m)).timestamp() for m in (30, 10)]
    assert flows[1:, 0].tolist() == [80.0, 10.0, 45.0, 5.0]
    keys = [await store.run(partial(browsing.key, name="k", fresh=fresh)) for fresh in (b"first", b"second")]
    assert keys == [b"first", b"first"]


async def test_results_of_a_real_database_are_summed_by_day(store: Store, clock: VirtualClock) -> None:
    station = FakeStation(clock, world=World(NOW))
    began = NOW - timedelta(hours=20)
    await store.keep(
        EndedVisit(driver="d", plugged_in_at=began, left_at=NOW - timedelta(hours=1), energy_kwh=9.0, requested_kwh=9.0)
    )
    for hours_ago in (30, 5):
        await store.keep(point(60 * hours_ago))
    records = StoredRecords(station, store)
    today = NOW.date()
    told = await records.results(today - timedelta(days=3), today, Period.DAY)
    assert [row.start for row in told.rows] == [today - timedelta(days=1), today]
    assert told.total is not None
    assert (told.total.days, told.total.kept, told.total.charged_kwh) == (2, 1, pytest.approx(45.0 / 60 * 2))
    assert (await records.results(today - timedelta(days=9), today - timedelta(days=5), Period.YEAR)).total is None
    assert (await records.audit_chain()).whole
    assert [line async for line in records.audit_lines()] == []


async def test_the_forecast_of_a_time_is_that_of_the_first_tick_from_then_on(store: Store, clock: VirtualClock) -> None:
    records = StoredRecords(FakeStation(clock, world=World(NOW)), store)
    assert await records.expected(NOW - timedelta(days=1)) is None
    record = record_at(clock)
    await store.keep(record)
    expected = await records.expected(NOW - timedelta(days=1))
    assert expected is not None
    assert expected.made_at == record.at
    assert await records.expected(record.at + timedelta(seconds=1)) is None
