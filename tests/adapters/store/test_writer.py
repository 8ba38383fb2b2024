import asyncio
import os
import signal
import sqlite3
import sys
import textwrap
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from adapters.clock import VirtualClock
from adapters.store import Store
from adapters.store.engine import make_engine
from adapters.store.writer import Writer
from tests.adapters.store.conftest import NOW, ON_FILES
from tests.adapters.store.test_rows import price_curve
from tests.adapters.store.test_transactions import begin
from v2g.errors import UnavailableError
from v2g.station import Condition

ROOT = Path(__file__).parents[3]


def path_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///").split("?")[0])


async def test_what_waits_together_is_committed_together_and_a_bad_job_fails_alone(url: str) -> None:
    writer = Writer(make_engine(url))
    writer.start()
    await writer.run(lambda c: c.execute(text("CREATE TABLE t (x INTEGER NOT NULL)")))

    def insert(value: int | None) -> asyncio.Task[None]:
        return asyncio.ensure_future(writer.run(lambda c: c.execute(text("INSERT INTO t VALUES (:x)"), {"x": value})))

    jobs = [insert(1), insert(None), insert(3)]
    good, bad, also_good = await asyncio.gather(*jobs, return_exceptions=True)
    assert not isinstance(good, Exception)
    assert isinstance(bad, IntegrityError)
    assert not isinstance(also_good, Exception)
    assert await writer.run(lambda c: c.execute(text("SELECT x FROM t ORDER BY x")).scalars().all()) == [1, 3]
    assert writer.trouble == ""
    await writer.close()


async def test_a_job_that_raises_something_of_its_own_hands_it_to_its_caller(url: str) -> None:
    writer = Writer(make_engine(url))
    writer.start()

    def fail(_connection: Connection) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await writer.run(fail)
    await writer.close()


async def test_a_caller_that_gave_up_harms_nobody(store: Store) -> None:
    task = asyncio.ensure_future(begin(store))
    await asyncio.sleep(0)
    task.cancel()
    assert await begin(store, minute=1) > 0


@ON_FILES
async def test_a_locked_database_is_unavailable_says_what_to_do_and_recovers(store: Store, url: str) -> None:
    other = sqlite3.connect(path_of(url), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(UnavailableError, match=r"locked.*no other program holds it"):
        await begin(store)
    assert store.health.condition is Condition.DOWN
    assert "locked" in store.health.detail
    other.execute("ROLLBACK")
    other.close()
    assert await begin(store) > 0
    assert store.health.condition is Condition.OK


@ON_FILES
async def test_a_full_disk_is_unavailable_and_corrupts_nothing(url: str, clock: VirtualClock) -> None:
    async with Store(url, clock) as store:
        await begin(store)

        def fill(connection: Connection) -> None:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")

        await store._writer.run(fill)
        many = [store.save_signal(price_curve(f"signal {i:03}")) for i in range(500)]
        answers = await asyncio.gather(*many, return_exceptions=True)
        refused = [str(answer) for answer in answers if isinstance(answer, UnavailableError)]
        assert refused
        assert all("full" in said and "disk has room" in said for said in refused)
        kept = await store.signals()
        assert [s.signal_id for s in kept] == [f"signal {i:03}" for i, answer in enumerate(answers) if answer is None]
        assert store.health.condition is Condition.OK  # reading works again
    async with Store(url, clock) as store:
        assert await store.signals() == kept
        assert len(await store.open("CP1")) == 1
        assert await store._writer.run(lambda c: c.exec_driver_sql("PRAGMA integrity_check").scalar_one()) == "ok"
        assert await begin(store, minute=1) > 0


@ON_FILES
async def test_sqlite_survives_power_loss_by_its_settings(store: Store) -> None:
    def settings(connection: Connection) -> list[object]:
        return [connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in ("journal_mode", "synchronous")]

    assert await store._writer.run(settings) == ["wal", 2]


WRITE_FOR_EVER = f"""
    import asyncio
    from adapters.clock import RealClock
    from adapters.store import Store
    from datetime import datetime, timedelta
    async def main(url):
        async with Store(url, RealClock()) as store:
            async def charger(name):
                for i in range(100_000):
                    at = datetime.fromisoformat("{NOW.isoformat()}") + timedelta(seconds=i)
                    facts = dict(station_id=name, connector_id=1, driver="d", meter_start_kwh=float(i), at=at)
                    print(await store.begin(**facts), flush=True)
            await asyncio.gather(*(charger(f"CP{{i}}") for i in range(5)))
    import sys
    asyncio.run(main(sys.argv[1]))
"""


@ON_FILES
@pytest.mark.parametrize("answers_before_kill", [1, 40, 200])
async def test_killed_in_the_middle_of_writing_no_answer_given_is_lost(
    url: str, clock: VirtualClock, answers_before_kill: int
) -> None:
    daemon = await asyncio.create_subprocess_exec(
        sys.executable, "-c", textwrap.dedent(WRITE_FOR_EVER), url, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert daemon.stdout is not None
    answered = [int(await daemon.stdout.readline()) for _ in range(answers_before_kill)]
    os.kill(daemon.pid, signal.SIGKILL)
    rest, _ = await daemon.communicate()
    answered += [int(line) for line in rest.split(b"\n")[:-1]]
    async with Store(url, clock) as store:
        kept = {t.transaction_id for i in range(5) for t in await store.open(f"CP{i}")}
        assert await store._writer.run(lambda c: c.exec_driver_sql("PRAGMA integrity_check").scalar_one()) == "ok"
    assert len(answered) >= answers_before_kill
    assert set(answered) <= kept
