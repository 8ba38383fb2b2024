"""A file beside the database that holds what the database did not take, until it does.

One line a write: JSON with its number, what it is, and its value, packed. A line counts once it is on the disk with its newline;
what a crash left of a last one is cut off. Numbers only grow, and the database knows the last it took: so a line read twice is
taken once. Every method does file I/O, in the database thread.
"""

import base64
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from v2g.errors import UnavailableError

MOST_BYTES = 256 * 1024 * 1024
"""What the file may grow to: days of a small station, hours of one with thousands of outlets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spilled:
    """One write: its number, the name of its kind, its packed value, and where its line ends in the file."""

    number: int
    kind: str
    packed: bytes
    end: int


class Spill:
    """The file at `path`; `waiting` lines in it were not taken yet."""

    def __init__(self, path: Path, *, most_bytes: int = MOST_BYTES) -> None:
        self._path, self._most_bytes = path, most_bytes
        self.waiting, self._taken_to = 0, 0

    def open(self) -> int:
        """Cut off an unfinished last line, and return the last line's number, 0 if there is none."""
        if not self._path.exists():
            return 0
        content = self._path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            self._cut(whole)
        lines = tuple(self.lines())
        self.waiting = len(lines)
        return max((line.number for line in lines), default=0)

    def append(self, number: int, kind: str, packed: bytes) -> None:
        """Add a line; it is on the disk on return. Raises `UnavailableError` if it could not be, and leaves nothing of it then."""
        value = base64.b64encode(packed).decode()
        line = json.dumps({"number": number, "kind": kind, "value": value}).encode() + b"\n"
        try:
            size = self._path.stat().st_size if self._path.exists() else 0
            if size + len(line) > self._most_bytes:
                raise UnavailableError(f"{self._path} is full: {self._most_bytes} bytes wait for the database")
            self._write(line, size)
        except OSError as error:
            raise UnavailableError(f"neither the database nor {self._path} can be written: {error}") from error
        self.waiting += 1

    def lines(self) -> Iterator[Spilled]:
        """Return the lines that wait, in order; one that is damaged has kind ""."""
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(self._taken_to)
            for line in file:
                yield _parse(line, file.tell())

    def taken(self, n: int, end: int) -> None:
        """Note that the next `n` lines, up to `end`, were taken; after the last, empty the file.

        Raises `UnavailableError` if it cannot be emptied: that is tried again with the next.
        """
        self.waiting, self._taken_to = self.waiting - n, end
        if not self.waiting:
            try:
                self._cut(0)
            except OSError as error:
                raise UnavailableError(f"{self._path} cannot be emptied: {error}") from error
            self._taken_to = 0

    def _write(self, line: bytes, size: int) -> None:
        new = not size and not self._path.exists()
        try:
            with self._path.open("ab") as file:
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            if self._path.exists():
                self._cut(size)
            raise
        if new:
            _sync_folder(self._path.parent)

    def _cut(self, size: int) -> None:
        with self._path.open("rb+") as file:
            file.truncate(size)
            os.fsync(file.fileno())


def _parse(line: bytes, end: int) -> Spilled:
    try:
        told = json.loads(line)
        packed = base64.b64decode(told["value"], validate=True)
        return Spilled(number=int(told["number"]), kind=str(told["kind"]), packed=packed, end=end)
    except (ValueError, TypeError, KeyError):
        return Spilled(number=0, kind="", packed=b"", end=end)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
