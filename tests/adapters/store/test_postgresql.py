import asyncio
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError, InternalError

from adapters.clock import VirtualClock
from adapters.store import Store
from adapters.store.audit import check
from adapters.store.export import export
from adapters.store.reading import reading
from tests.adapters.store.conftest import NOW
from tests.adapters.store.test_rows import price_curve
from tests.support.postgres import PostgresServer
from v2g.errors import UnavailableError
from v2g.station import Condition, HistoryPoint

ON_SERVERS = pytest.mark.parametrize("url", ["server_url"], indirect=True)
pytestmark = ON_SERVERS
KW = dict.fromkeys(("import_kw", "load_kw", "pv_kw", "charge_kw", "discharge_kw", "import_limit_kw", "price_per_kwh"), 1.0)


@pytest.mark.parametrize("edit", ["UPDATE audit SET kind = 'plan'", "DELETE FROM audit", "TRUNCATE audit"])
async def test_the_database_itself_refuses_to_change_the_log(store: Store, edit: str) -> None:
    await store.save_signal(price_curve())
    with pytest.raises((IntegrityError, InternalError), match="append-only"):
        await store._writer.run(lambda c: c.exec_driver_sql(edit))
    assert (await store._writer.run(check)).n == 1


async def test_many_writes_at_once_are_chained_in_one_order(store: Store) -> None:
    await asyncio.gather(*(store.save_signal(price_curve(f"p{i}")) for i in range(40)))
    found = await store._writer.run(check)
    assert (found.n, found.broken) == (40, "")


async def test_a_server_that_crashes_loses_nothing_that_was_answered_and_takes_the_rest_when_it_is_back(
    server: PostgresServer, url: str, tmp_path: Path
) -> None:
    clock = VirtualClock(NOW)
    async with Store(url, clock, retry_s=0.0) as store:
        begun = {"station_id": "C", "connector_id": 1, "driver": "D", "meter_start_kwh": 0.0, "at": NOW}
        number = await store.begin(**begun)
        server.stop()
        try:
            with pytest.raises(UnavailableError, match="does not answer"):
                await store.begin(**begun | {"connector_id": 2})
            await store.keep(HistoryPoint(at=NOW, **KW))
            assert (store.health.condition, store.n_spilled) == (Condition.DOWN, 1)
            assert (tmp_path / "v2g.spill").stat().st_size > 0
        finally:
            server.start()
        assert await store.begin(**begun) == number
        assert [t.transaction_id for t in await store.open("C")] == [number]
        await store.keep(HistoryPoint(at=NOW.replace(minute=31), **KW))
        assert (store.health.condition, store.n_spilled) == (Condition.OK, 0)
        assert [p.at.minute for p in await store.history(1.0)] == [30, 31]


async def test_tables_are_exported_beside_the_daemon(store: Store, url: str, tmp_path: Path) -> None:
    await store.save_signal(price_curve())
    with reading(url) as database:
        assert export(database, tmp_path / "out")["audit"] == 1
