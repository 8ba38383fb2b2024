"""A PostgreSQL server of one's own on a free port of this machine, where the program is installed."""

import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from subprocess import DEVNULL
from tempfile import TemporaryDirectory

from adapters.mqtt.broker import free_port

SYSTEM_FOLDERS = "/usr/lib/postgresql/*/bin"
PATIENCE_S = 60.0
UNPRIVILEGED = "nobody"
"""Whoever root becomes: the server refuses to run as root."""
SETTINGS = {"listen_addresses": "127.0.0.1", "fsync": "off", "unix_socket_directories": "", "max_connections": "20"}


def find(program: str) -> str | None:
    """Return the path of one of the server's programs, None if it is not installed."""
    folders = (str(path) for path in Path("/").glob(SYSTEM_FOLDERS.removeprefix("/")))
    return shutil.which(program, path=os.pathsep.join((os.environ.get("PATH", ""), *folders)))


class PostgresServer:
    """A running server; `stop` and `start` make drills."""

    def __init__(self, folder: Path) -> None:
        self._folder, self.port, self._numbers = folder, free_port(), count(1)
        self._process: subprocess.Popen[bytes] | None = None
        root = os.geteuid() == 0
        self._user = UNPRIVILEGED if root else None
        if root:
            user = pwd.getpwnam(UNPRIVILEGED)
            os.chown(folder, user.pw_uid, user.pw_gid)
        data = ["--pgdata", str(folder / "data"), "--username", "v2g", "--auth", "trust", "--encoding", "UTF8", "--no-sync"]
        subprocess.run([str(find("initdb")), *data], check=True, user=self._user, cwd=folder, stdout=DEVNULL)

    def start(self) -> None:
        """Serve; return once connections are accepted."""
        told = [option for name, value in SETTINGS.items() for option in ("-c", f"{name}={value}")]
        command = [str(find("postgres")), "-D", str(self._folder / "data"), "-p", str(self.port), *told]
        self._process = subprocess.Popen(command, user=self._user, cwd=self._folder, stderr=DEVNULL)
        ready = partial(subprocess.run, [str(find("pg_isready")), "-q", "-h", "127.0.0.1", "-p", str(self.port)], check=False)
        until = time.monotonic() + PATIENCE_S
        while ready().returncode:
            assert time.monotonic() < until, "the server does not start"
            time.sleep(0.05)

    def stop(self) -> None:
        """End at once, as in a crash."""
        if self._process is not None:
            self._process.send_signal(3)  # SIGQUIT: immediate shutdown, recovery at the next start
            self._process.wait()

    def new_database(self) -> str:
        """Return the URL of a new, empty database."""
        import psycopg  # noqa: PLC0415 - an extra

        name = f"station{next(self._numbers)}"
        with psycopg.connect(f"host=127.0.0.1 port={self.port} user=v2g dbname=postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return f"postgresql://v2g@127.0.0.1:{self.port}/{name}"


@contextmanager
def serving() -> Iterator[PostgresServer]:
    """Return a server, stopped at the end."""
    with TemporaryDirectory() as folder:
        server = PostgresServer(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()
