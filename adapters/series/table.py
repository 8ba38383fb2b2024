"""A CSV or Parquet file as columns, every fault with its line, its column and its mend."""

import gzip
import io
import re
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from v2g.errors import SeriesError
from v2g.timegrid import Array

Instants = NDArray[np.int64]
"""Whole seconds since 1970 UTC."""

Flags = NDArray[np.bool_]

ZONED = re.compile(r"^\d{4}-?\d\d-?\d\d[T ].*(Z|z|[+-]\d\d(:?\d\d)?)$")
YEARS = range(1900, 2200)
"""Instants in other years are typing errors."""
NOTHING = frozenset({"", "nan", "na", "null", "none"})
GZIP_MAGIC, PARQUET_MAGIC = b"\x1f\x8b", b"PAR1"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Table:
    """A file's text, cell by cell; the frame's index counts the file's lines from 0."""

    path: Path
    cells: pd.DataFrame

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns' names."""
        return tuple(self.cells.columns)

    def place(self, row: int, column: str) -> str:
        """Return where a cell stands, for people."""
        return f"{self.path}, line {int(self.cells.index[row]) + 1}, column {column!r}"

    def rows(self, chosen: Flags) -> "Table":
        """Return the `chosen` rows (n,) alone; places still name the file's lines."""
        return Table(path=self.path, cells=self.cells[chosen])

    def require(self, column: str) -> None:
        """Raise `SeriesError` if there is no such column."""
        if column not in self.columns:
            raise SeriesError(f"there is no column {column!r}", place=str(self.path), mend=f"there are {', '.join(self.columns)}")

    def text(self, column: str) -> list[str]:
        """Return a column as it stands."""
        self.require(column)
        return [str(cell) for cell in self.cells[column]]

    def instants(self, column: str) -> Instants:
        """Return a column of ISO 8601 instants, each with its offset from UTC, (n,)."""
        texts = self.text(column)
        for row, text in enumerate(texts):
            if not ZONED.match(text):
                wrong = "the timestamp has no time zone" if text[:1].isdigit() else f"{text!r} is no timestamp"
                raise SeriesError(wrong, place=self.place(row, column), mend="write UTC as 2026-01-31T12:00:00Z")
        times = pd.to_datetime(pd.Series(texts, dtype=str), utc=True, format="ISO8601", errors="coerce")
        for row in map(int, np.flatnonzero(times.isna())):
            raise SeriesError(f"{texts[row]!r} is no date", place=self.place(row, column), mend="write UTC as 2026-01-31T12:00:00Z")
        for row in map(int, np.flatnonzero(~times.dt.year.isin(YEARS))):
            mend = f"give years from {YEARS[0]} to {YEARS[-1]}"
            raise SeriesError(f"{texts[row]!r} is in no year of ours", place=self.place(row, column), mend=mend)
        return np.asarray(pd.DatetimeIndex(times).as_unit("s").asi8, dtype=np.int64)

    def numbers(self, column: str) -> Array:
        """Return a column of numbers, NaN where a cell is empty, (n,)."""
        texts = self.text(column)
        values = pd.to_numeric(pd.Series(texts, dtype=str), errors="coerce").to_numpy(dtype=np.float64)
        for row in map(int, np.flatnonzero(~np.isfinite(values))):
            if texts[row].strip().lower() not in NOTHING:
                raise SeriesError(
                    f"{texts[row]!r} is no number", place=self.place(row, column), mend="write 12.5, or nothing for a gap"
                )
        return np.asarray(values)


def read_table(path: Path) -> Table:
    """Return the CSV (gzipped or not) or Parquet file at `path`. Raises `SeriesError` if it is missing, broken or empty."""
    try:
        raw = path.read_bytes()
        if raw.startswith(PARQUET_MAGIC):
            return _parquet(path, raw)
        text = (gzip.decompress(raw) if raw.startswith(GZIP_MAGIC) else raw).decode("utf-8-sig")
        cells = pd.read_csv(io.StringIO(text), header=None, dtype=str, keep_default_na=False, skip_blank_lines=False)
    except FileNotFoundError as error:
        raise SeriesError("there is no such file", place=str(path), mend="give the path of a CSV file") from error
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise SeriesError(f"the file cannot be read: {error}", place=str(path), mend="give CSV in UTF-8, gzipped or not") from error
    except (pd.errors.EmptyDataError, pd.errors.ParserError) as error:
        raise SeriesError(f"this is no CSV table: {error}", place=str(path), mend="start with a line of column names") from error
    names = [str(name).strip() for name in cells.iloc[0]]
    if len(set(names)) < len(names) or len(names) < 2:
        wrong = "two columns have the same name" if len(names) > 1 else "there is only one column"
        raise SeriesError(wrong, place=f"{path}, line 1", mend="name each column once, and separate them with commas")
    cells = cells.set_axis(names, axis=1).iloc[1:].fillna("")
    cells = cells[(cells != "").any(axis=1)]
    if cells.empty:
        raise SeriesError("the file has no rows", place=str(path), mend="give at least one row below the column names")
    return Table(path=path, cells=cells)


def _parquet(path: Path, raw: bytes) -> Table:
    """Return a Parquet file as the text that a CSV file of it would be; an index of instants is its first column."""
    try:
        frame = pd.read_parquet(io.BytesIO(raw))
    except ImportError as error:
        mend = "pip install v2g-scheduler[parquet], or give CSV"
        raise SeriesError("Parquet cannot be read here", place=str(path), mend=mend) from error
    except (ValueError, OSError) as error:  # what pyarrow raises derives from these
        raise SeriesError(f"this is no Parquet file: {error}", place=str(path), mend="write it again, or give CSV") from error
    frame = frame.reset_index() if isinstance(frame.index, pd.DatetimeIndex) else frame
    if frame.empty or len(frame.columns) < 2:
        raise SeriesError("the file has no rows, or one column only", place=str(path), mend="give instants and values")
    text = {str(name): [_cell(value) for value in frame[name]] for name in frame.columns}
    return Table(path=path, cells=pd.DataFrame(text, dtype=str))


def _cell(value: object) -> str:
    if pd.isna(value):  # type: ignore[call-overload]  # a cell is one value
        return ""
    return value.isoformat() if isinstance(value, pd.Timestamp) else str(value)
