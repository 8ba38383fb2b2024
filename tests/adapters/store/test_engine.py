from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from adapters.clock import VirtualClock
from adapters.store import Store
from adapters.store.tables import metadata
from v2g.errors import UnavailableError


async def test_migrations_from_empty_give_exactly_the_tables_the_code_uses(store: Store) -> None:
    def difference(connection: Connection) -> Any:
        return compare_metadata(MigrationContext.configure(connection), metadata)

    assert await store._writer.run(difference) == []


async def test_a_database_from_a_newer_version_is_refused_and_left_alone(url: str, clock: VirtualClock) -> None:
    async with Store(url, clock) as store:
        await store._writer.run(lambda c: c.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(UnavailableError, match=r"9999.*newer"):
        async with Store(url, clock):
            pass


@pytest.mark.parametrize(
    ("bad_url", "said"),
    [("no url", "sqlite:///station.db"), ("sqlite:////nowhere/station.db", "unable to open"), ("oracle+nothing://x", "URL")],
)
async def test_a_database_that_cannot_be_opened_says_so(bad_url: str, said: str, clock: VirtualClock) -> None:
    with pytest.raises(UnavailableError, match=said):
        async with Store(bad_url, clock):
            pass


async def test_a_path_with_a_percent_sign_is_no_trouble(tmp_path: Path, clock: VirtualClock) -> None:
    async with Store(f"sqlite:///{tmp_path / '100%.db'}", clock) as store:
        assert await store.memory() is None
