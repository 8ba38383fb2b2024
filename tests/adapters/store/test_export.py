from pathlib import Path

import pyarrow.parquet
import pytest

from adapters.clock import VirtualClock
from adapters.store import Store
from adapters.store.audit import check
from adapters.store.export import export
from adapters.store.reading import reading
from tests.adapters.store.conftest import NOW
from tests.adapters.store.test_rows import point
from tests.adapters.store.test_transactions import begin
from tests.support.fake_station import FakeStation
from v2g.errors import UnavailableError


async def test_tables_are_written_whole_with_their_types_while_the_daemon_goes_on_writing(
    store: Store, url: str, tmp_path: Path
) -> None:
    record = FakeStation(VirtualClock(NOW)).latest()
    assert record is not None
    for minutes_ago in (2, 1):
        await store.keep(point(minutes_ago))
    await store.keep(record)
    await begin(store)
    with reading(url) as database:
        assert check(database).n == 2
        await begin(store, minute=1)  # a reader keeps nobody from writing, and sees what was there when it began
        written = export(database, tmp_path / "out")
    assert written == {"history": 2, "transactions": 1, "visits": 0, "ticks": 1, "audit": 2}
    history = pyarrow.parquet.read_table(tmp_path / "out" / "history.parquet").to_pylist()
    assert [row["at"] for row in history] == [point(2).at, point(1).at]
    assert history[0]["load_kw"] == point(2).load_kw
    ticks = pyarrow.parquet.read_table(tmp_path / "out" / "ticks.parquet")
    assert ticks.column("rung").to_pylist() == [record.plan.rung]
    assert "record" not in ticks.column_names
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(f"{name}.parquet" for name in written)


def test_a_database_that_is_not_there_is_told_and_not_made(tmp_path: Path) -> None:
    path = tmp_path / "none.db"
    with pytest.raises(UnavailableError, match="no database"), reading(f"sqlite:///{path}"):
        pass
    assert not path.exists()
    path.touch()
    with pytest.raises(UnavailableError, match="no such table"), reading(f"sqlite:///{path}") as database:
        check(database)


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "s.db").touch()
    with reading(f"sqlite:///{tmp_path / 's.db'}") as database, pytest.raises(UnavailableError, match="cannot write"):
        export(database, tmp_path / "file")
