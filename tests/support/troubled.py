"""A daemon like `tests.support.served`'s whose database becomes read-only at SIGUSR1 and writable again at SIGUSR2."""

import signal
import sys
from unittest.mock import patch

from sqlalchemy import Connection

from tests.support.served import serve

BREAK, MEND = signal.SIGUSR1, signal.SIGUSR2


class _Switch:
    """How transactions begin: as SQLite refuses them where the file cannot be written."""

    read_only = False

    def begin(self, connection: Connection) -> None:
        """Begin to write, or be refused by SQLite itself."""
        connection.exec_driver_sql(f"PRAGMA query_only={int(self.read_only)}")
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    def turn(self, number: int, _frame: object) -> None:
        """Break or mend."""
        self.read_only = number == BREAK


def main() -> None:
    """Serve the site file told on the command line."""
    switch = _Switch()
    for number in (BREAK, MEND):
        signal.signal(number, switch.turn)
    with patch("adapters.store.engine._begin_immediate", switch.begin):
        serve(sys.argv[1])


if __name__ == "__main__":
    main()
