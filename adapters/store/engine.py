"""The connection to the database, and its schema."""

import sqlite3
from importlib import import_module
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

from v2g.errors import UnavailableError

MIGRATIONS = Path(__file__).parent / "migrations"
PATIENCE = {"connect_timeout": 5, "tcp_user_timeout": 5000, "options": "-c lock_timeout=5s"}
"""Of PostgreSQL: after 5 s it counts as away, as SQLite does when it is locked."""


def make_engine(url: str, *, only_read: bool = False) -> Engine:
    """Return an engine for `url`; SQLite in WAL, safe against power loss. Raises `UnavailableError` on a URL of no database."""
    try:
        made = make_url(url)
        engine = _postgresql(made, only_read=only_read) if made.get_backend_name() == "postgresql" else create_engine(made)
    except ModuleNotFoundError as error:
        raise UnavailableError(f"{error} (pip install 'v2g-scheduler[postgres]')") from error
    except ArgumentError as error:
        raise UnavailableError(f"no database at this URL: {error} (write e.g. sqlite:///station.db)") from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin if only_read else _begin_immediate)
    return engine


def _postgresql(url: URL, *, only_read: bool) -> Engine:
    """Return an engine whose connections are looked at before use: the server may have been restarted meanwhile."""
    driver = url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url
    one_state = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True} if only_read else {}
    return create_engine(driver, pool_pre_ping=True, connect_args=PATIENCE, execution_options=one_state)


def spill_path(url: str) -> Path:
    """Return where writes wait that the database does not take: beside the file of SQLite, else in the working directory."""
    made = make_url(url)
    beside = made.database if made.get_backend_name() == "sqlite" and made.database not in {None, "", ":memory:"} else None
    return Path(f"{beside or 'v2g'}.spill")


def migrate(connection: Connection) -> None:
    """Bring the schema up to date. Raises `UnavailableError` if a newer version of this software wrote the database."""
    if _revision(connection) != newest_revision():
        import_module("adapters.store.migrating").upgrade(connection)  # half a second that a restart has not


def newest_revision() -> str:
    """Return the last migration's number: files are named vNUMBER_what."""
    return max(path.name[1:].partition("_")[0] for path in (MIGRATIONS / "versions").glob("v*.py"))


def _revision(connection: Connection) -> str | None:
    """Return the migration that the schema is at, None if there is no schema yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return str(connection.scalar(text("SELECT version_num FROM alembic_version")))


def _set_up_sqlite(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    # The driver would begin transactions late and commit before schema changes; we say BEGIN ourselves.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: Connection) -> None:
    """Begin to read one state, without keeping others from writing."""
    connection.exec_driver_sql("PRAGMA query_only=ON")
    connection.exec_driver_sql("BEGIN")


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
