"""Reading the database of a station beside its daemon: nothing is written, migrated or taken in."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from adapters.store.engine import make_engine
from v2g.errors import UnavailableError


@contextmanager
def reading(url: str) -> Iterator[Connection]:
    """Return a connection that reads one state of the database. Raises `UnavailableError` if there is none, or it is too old."""
    engine = make_engine(url, only_read=True)
    if engine.dialect.name == "sqlite" and not Path(make_url(url).database or "").is_file():
        raise UnavailableError(f"there is no database at {url} (run the station first, or run this in its directory)")
    try:
        with engine.connect() as connection:
            yield connection
    except SQLAlchemyError as error:
        said = getattr(error, "orig", error)
        raise UnavailableError(f"the database cannot be read: {said} (run this version's daemon once on it)") from error
    finally:
        engine.dispose()
