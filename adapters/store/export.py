"""Tables to Parquet, one file each, for whoever analyses them. Needs the extra `export`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Float, Integer, LargeBinary, Table, select

from adapters.store import tables
from adapters.store.tables import Instant
from v2g.errors import UnavailableError

EXPORTED = (tables.history, tables.transactions, tables.visits, tables.ticks, tables.audit)
ROWS_AT_ONCE = 10_000


def export(connection: Connection, folder: Path) -> dict[str, int]:
    """Write each table as ``folder/NAME.parquet``, replaced when whole; return their numbers of rows. Ticks go as summaries.

    Raises `UnavailableError` if the folder cannot be written, or the library for Parquet is not installed.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return {table.name: _write(connection, table, folder) for table in EXPORTED}
    except ImportError as error:
        raise UnavailableError("writing Parquet needs a library (pip install 'v2g-scheduler[export]')") from error
    except OSError as error:
        raise UnavailableError(f"cannot write to {folder}: {error}") from error


def _write(connection: Connection, table: Table, folder: Path) -> int:
    from pyarrow import RecordBatch, schema  # noqa: PLC0415 - an extra
    from pyarrow.parquet import ParquetWriter  # noqa: PLC0415 - an extra

    columns = [column for column in table.columns if not isinstance(column.type, LargeBinary)]
    shape = schema([(column.name, _kind(column)) for column in columns])
    unfinished, n = folder / f".{table.name}.parquet", 0
    with ParquetWriter(unfinished, shape, compression="zstd") as writer:
        for rows in _rows(connection, table, columns):
            writer.write_batch(RecordBatch.from_pylist(rows, schema=shape))
            n += len(rows)
    unfinished.replace(folder / f"{table.name}.parquet")
    return n


def _rows(connection: Connection, table: Table, columns: list[Column[Any]]) -> Iterator[list[dict[str, Any]]]:
    query = select(*columns).order_by(*table.primary_key.columns)
    result = connection.execute(query.execution_options(yield_per=ROWS_AT_ONCE))
    for part in result.mappings().partitions():
        yield [dict(row) for row in part]


def _kind(column: Column[Any]) -> Any:
    import pyarrow as pa  # noqa: PLC0415 - an extra

    match column.type:
        case Instant():
            return pa.timestamp("us", tz="UTC")
        case Integer() | BigInteger():
            return pa.int64()
        case Float():
            return pa.float64()
    return pa.string()
