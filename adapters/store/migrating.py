"""Bringing a database's schema up to date with Alembic."""

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection

from adapters.store.engine import MIGRATIONS
from v2g.errors import UnavailableError


def upgrade(connection: Connection) -> None:
    """Apply the migrations that are missing. Raises `UnavailableError` if a newer version of this software wrote the database."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise UnavailableError(
            f"the database's schema is unknown: {error} (run the version that wrote it, or a newer one)"
        ) from error
