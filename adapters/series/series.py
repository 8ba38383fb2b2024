"""Time series from people's files: loads, PV and prices."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np

from adapters.series.table import Instants, Table, read_table
from adapters.series.weeks import YEAR_S
from v2g.errors import SeriesError
from v2g.timegrid import Array


class SeriesKind(StrEnum):
    """What a series is about."""

    LOAD = "load"
    PV = "pv"
    PRICE = "price"
    ANY = "any"


COLUMNS: dict[SeriesKind, tuple[str, ...]] = {
    SeriesKind.LOAD: ("load_kw", "load_mw", "load_w"),
    SeriesKind.PV: ("pv_kw", "pv_mw", "pv_w"),
    SeriesKind.PRICE: ("price_per_kwh", "price_per_mwh", "price_eur_mwh"),
}
COLUMNS[SeriesKind.ANY] = tuple(name for names in COLUMNS.values() for name in names)
"""Columns looked for, the first one found is read."""

LARGEST_STEPS, LONGEST_YEARS = 5_000_000, 50
"""A file that spans more holds a mistyped instant."""

POWER_UNITS = {"_kw": (1.0, "kW"), "_mw": (1000.0, "kW"), "_w": (0.001, "kW")}
PRICE_UNITS = {"_kwh": (1.0, "per kWh"), "_mwh": (0.001, "per kWh")}
UNITS = {
    SeriesKind.LOAD: POWER_UNITS,
    SeriesKind.PV: POWER_UNITS,
    SeriesKind.PRICE: PRICE_UNITS,
    SeriesKind.ANY: POWER_UNITS | PRICE_UNITS,
}
"""Factors, and what they lead to, by a column's ending."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Series:
    """Values on consecutive steps; NaN where the file has a gap.

    Parameters
    ----------
    start_s : int
        UTC instant at which step 0 begins [s since 1970].
    step_s : int
        Length of each step [s].
    values : (n,)
        Mean over each step, in `unit`.
    kind : SeriesKind
        What it is about.
    name, unit, path : str
        The column read, "kW", "per kWh" or "" where it is not known, and the file it came from.
    """

    start_s: int
    step_s: int
    values: Array
    kind: SeriesKind
    name: str
    unit: str
    path: str

    @property
    def times(self) -> Instants:
        """UTC instants at which the steps begin [s since 1970], (n,)."""
        return self.start_s + self.step_s * np.arange(len(self.values), dtype=np.int64)


def read_series(path: str | Path, *, kind: SeriesKind, column: str | None = None) -> Series:
    """Return a series from a CSV file, gzipped or not, whose first column holds ISO 8601 instants with their offset.

    `column` names the values; without it the usual names of the `kind` are looked for. Units are told by the
    column's ending and turned into kW or currency/kWh; of a series of ANY kind they may stay unknown. Rows may come in any order.

    Raises `SeriesError` with file, line and mend: no such file or column, not a timestamp, no time zone, not a number, an instant
    twice, steps of different length, a span too long, no values.
    """
    table = read_table(Path(path))
    name = column or _usual_column(table, kind)
    factor, unit = _unit(table, kind, name)
    clock = table.columns[0]
    instants, values = table.instants(clock), table.numbers(name) * factor
    if not np.isfinite(values).any():
        raise SeriesError("the column has no values", place=f"{table.path}, column {name!r}", mend="choose another column")
    start_s, step_s, places = _regular(table, clock, instants)
    dense = np.full(int(places.max()) + 1, np.nan)
    dense[places] = values
    return Series(start_s=start_s, step_s=step_s, values=dense, kind=kind, name=name, unit=unit, path=str(path))


def _usual_column(table: Table, kind: SeriesKind) -> str:
    alone = table.columns[1:] if kind is SeriesKind.ANY and len(table.columns) == 2 else ()
    found: list[str] = [name for name in (*COLUMNS[kind], *alone) if name in table.columns]
    if not found:
        mend = f"name one of {', '.join(table.columns[1:])}, or write {COLUMNS[kind][0]}"
        raise SeriesError(f"there is no {kind} column", place=str(table.path), mend=mend)
    return found[0]


def _unit(table: Table, kind: SeriesKind, name: str) -> tuple[float, str]:
    units = UNITS[kind]
    for ending, (factor, unit) in units.items():
        if name.lower().endswith(ending):
            return factor, unit
    table.require(name)
    if kind is SeriesKind.ANY:
        return 1.0, ""
    endings = ", ".join(units)
    raise SeriesError(
        f"the unit of column {name!r} is not known", place=str(table.path), mend=f"let its name end with one of {endings}"
    )


def _regular(table: Table, clock: str, instants: Instants) -> tuple[int, int, Instants]:
    """Return start and step [s], and each row's place on that grid. Raises `SeriesError` where an instant does not fit."""
    order = np.argsort(instants, kind="stable")
    gaps = np.diff(instants[order])
    for late in np.flatnonzero(gaps == 0):
        where = table.place(int(order[late + 1]), clock)
        raise SeriesError("the same instant comes twice", place=where, mend="keep one row; is local time marked as UTC?")
    step_s = int(np.median(gaps)) if len(gaps) else 3600
    start_s = int(instants.min())
    _check_span(table, clock, instants[order], step_s)
    for row in np.flatnonzero((instants - start_s) % step_s):
        where = table.place(int(row), clock)
        raise SeriesError(f"the instant does not lie on a step of {step_s} s", place=where, mend="give steps of equal length")
    return start_s, step_s, (instants - start_s) // step_s


def _check_span(table: Table, clock: str, instants: Instants, step_s: int) -> None:
    """Raise `SeriesError` if the file spans more than any series does; `instants` in order."""
    span_s = int(instants[-1] - instants[0])
    if span_s > LONGEST_YEARS * YEAR_S or span_s // step_s >= LARGEST_STEPS:
        wrong = f"the file spans {span_s / YEAR_S:.1f} years in steps of {step_s} s"
        mend = f"give at most {LONGEST_YEARS} years and {LARGEST_STEPS} steps; is an instant mistyped?"
        raise SeriesError(wrong, place=f"{table.path}, column {clock!r}", mend=mend)
