"""Charging sessions from people's files."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from adapters.series.table import Flags, Table, read_table
from v2g.errors import SeriesError

FALSE = frozenset({"false", "0", "no"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """A car was at `charger` from `plug_in` to `plug_out` and took `energy_kwh`; "" and None where the file tells nothing.

    `stated_departure` and `requested_kwh` are what the driver announced, not what came true.
    """

    charger: str
    user: str
    plug_in: datetime
    plug_out: datetime
    stated_departure: datetime | None
    requested_kwh: float | None
    energy_kwh: float


def read_sessions(path: str | Path) -> tuple[SessionRow, ...]:
    """Return the sessions of a CSV file, gzipped or not, in order of arrival.

    Columns: `plug_in`, `plug_out`, `energy_kwh`, and if there are any `charger`, `user`, `stated_departure`, `requested_kwh`,
    `claimed`. Where `claimed` is false the driver announced nothing, and data sets repeat there what came true: it is not read.

    Raises `SeriesError` with file, line and mend: no such file or column, a bad instant or number, an end before its beginning.
    """
    table = read_table(Path(path))
    begins, ends, energies = table.instants("plug_in"), table.instants("plug_out"), table.numbers("energy_kwh")
    _check(table, "plug_out", ends > begins, "the car leaves before it comes", "plug_out after plug_in")
    _check(table, "energy_kwh", energies >= 0, "the energy is missing or negative", "a number ≥ 0")
    announced = _announced(table)
    stated = _stated(table, announced)
    requested = table.numbers("requested_kwh") if "requested_kwh" in table.columns else np.full(len(begins), np.nan)
    chargers, users = (_names(table, column) for column in ("charger", "user"))
    rows = [
        SessionRow(
            charger=chargers[i],
            user=users[i],
            plug_in=_instant(begins[i]),
            plug_out=_instant(ends[i]),
            stated_departure=stated[i],
            requested_kwh=float(requested[i]) if announced[i] and np.isfinite(requested[i]) else None,
            energy_kwh=float(energies[i]),
        )
        for i in np.argsort(begins, kind="stable")
    ]
    return tuple(rows)


def _check(table: Table, column: str, good: Flags, wrong: str, mend: str) -> None:
    for row in np.flatnonzero(~good):
        raise SeriesError(wrong, place=table.place(int(row), column), mend=mend)


def _names(table: Table, column: str) -> list[str]:
    return table.text(column) if column in table.columns else [""] * len(table.cells)


def _announced(table: Table) -> list[bool]:
    """Return of each row whether its statement is the driver's."""
    claims = _names(table, "claimed")
    return [claim.strip().lower() not in FALSE for claim in claims]


def _stated(table: Table, announced: list[bool]) -> list[datetime | None]:
    texts = _names(table, "stated_departure")
    told = np.array(announced) & np.array([text.strip() != "" for text in texts])
    stated: list[datetime | None] = [None] * len(texts)
    if told.any():
        for row, instant in zip(np.flatnonzero(told), table.rows(told).instants("stated_departure"), strict=True):
            stated[row] = _instant(instant)
    return stated


def _instant(seconds: np.int64) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)
