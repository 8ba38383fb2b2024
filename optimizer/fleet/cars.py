"""Cars that answer prices, as compiled code wants them: a record each, and the problem's tables in place.

A record holds what a car is, and what it does however prices are: a car can do something only from its first to its last step with
power bounds above 0, so before that it idles, and after it only its bounds and what its energy costs count.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from optimizer.fleet.survey import survey
from optimizer.fleet.threads import share_out
from optimizer.tiers import TierPrices
from v2g.problem import Problem
from v2g.timegrid import Array

Index = NDArray[np.int64]

CAR = np.dtype(
    [(name, np.int64) for name in ("row", "place", "group", "first", "end", "due", "uses")]
    + [
        (name, np.float64)
        for name in (
            *(
                "start_kwh",
                "charge_efficiency",
                "discharge_efficiency",
                "knee_kw",
                "knee_loss_frac",
                "taper_full_kwh",
                "taper_per_h",
            ),
            *("wear", "target_kwh", "part_kwh", "unmet_price", "wanted_kwh", "shortfall_price", "outside_price"),
            *("calendar_above_kwh", "calendar_price", "terminal_price"),
            *("fixed_cost", "low_kwh", "high_kwh", "gain_kwh", "draw_kwh"),
        )
    ]
)
"""A car. `row` is its unit in the problem; it decides in the steps first ≤ t < end, in which `uses` tells what bends its costs
(see `optimizer.fleet.series`). `start_kwh` is what it holds before `first`; from the end of its last step on it must hold
`low_kwh`..`high_kwh` at that end to keep the bounds after it; `gain_kwh` and `draw_kwh` are what it can gain and draw in all;
`fixed_cost` is what it costs whatever it does."""

CHUNK = 128
"""Cars whose answers are summed at a time: all of a group."""
CARS_A_TASK = 1024


class Tables(NamedTuple):
    """The problem's tables (n, T) as memory, and where a row's and a step's numbers lie in it: nothing is copied."""

    charge_kw: Array
    discharge_kw: Array
    energy_min_kwh: Array
    energy_max_kwh: Array
    drain_kwh: Array
    leaves: Array
    previous_kw: Array
    stride: Index
    step_h: Array
    window: Array
    cap_kwh: Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cars:
    """m cars in G groups at L places, sorted by group; `chunk` (B, 2) are each chunk's first car and the one behind its last."""

    records: NDArray[np.void]
    tables: Tables
    chunk: Index
    n_groups: int
    moving_per_kwh: float


def make_cars(problem: Problem, rows: Index, place: Index, group: Index, tiers: TierPrices) -> Cars:
    """Return the units `rows` (m,) of a problem as cars: each one's place (m,) in 0..L−1 and group (m,) in 0..G−1.

    All cars of a group must be at one place. The problem's tables are read where they are: they must not change meanwhile.
    """
    order = np.argsort(group, kind="stable")
    records, tables = _records(problem, rows[order], tiers), _tables(problem)
    records["place"], records["group"] = place[order], group[order]
    share_out(lambda first, behind: survey(records, tables, first, behind), len(records), CARS_A_TASK)
    n_groups = int(group.max(initial=-1)) + 1
    return Cars(records=records, tables=tables, chunk=_chunks(group[order]), n_groups=n_groups, moving_per_kwh=tiers.moving_per_kwh)


def _records(problem: Problem, rows: Index, tiers: TierPrices) -> NDArray[np.void]:
    s, records = problem.storages, np.zeros(len(rows), CAR)
    promised = (s.target_step[rows] > 0) & (s.target_energy_kwh[rows] > 0)
    records["row"] = rows
    records["start_kwh"] = s.initial_energy_kwh[rows]
    records["charge_efficiency"], records["discharge_efficiency"] = s.charge_efficiency[rows], s.discharge_efficiency[rows]
    records["wear"], records["terminal_price"] = s.wear_cost_per_kwh[rows], s.terminal_value_per_kwh[rows]
    records["target_kwh"] = s.target_energy_kwh[rows]
    records["due"] = np.where(promised, s.target_step[rows] - 1, -1)
    records["unmet_price"] = tiers.service_per_kwh * s.priority[rows]
    records["outside_price"] = tiers.violation_per_kwh_h
    records["wanted_kwh"] = s.wanted_kwh[rows]
    records["shortfall_price"] = np.where(s.target_energy_kwh[rows] > 0, s.shortfall_price_per_kwh[rows], 0.0)
    _convert(records, problem, rows)
    if s.ageing is not None:
        records["calendar_above_kwh"] = s.ageing.calendar_above_kwh[rows]
        records["calendar_price"] = s.ageing.calendar_price_per_kwh_h[rows]
    return records


def _convert(records: NDArray[np.void], problem: Problem, rows: Index) -> None:
    """Write what converters do to the records; a knee that loses nothing is none."""
    c = problem.storages.converters
    for name in ("knee_kw", "taper_full_kwh", "taper_per_h"):
        records[name] = np.inf
    if c is not None:
        records["knee_kw"] = np.where(c.knee_loss_frac[rows] > 0, c.knee_kw[rows], np.inf)
        records["knee_loss_frac"] = np.where(np.isfinite(records["knee_kw"]), c.knee_loss_frac[rows], 0.0)
        records["taper_full_kwh"], records["taper_per_h"] = c.taper_full_kwh[rows], c.taper_per_h[rows]


def _tables(problem: Problem) -> Tables:
    s, (n, T) = problem.storages, problem.shape
    powers, energies = (s.charge_max_kw, s.discharge_max_kw), (s.energy_min_kwh, s.energy_max_kwh)
    tables = (*powers, *energies, s.drain_kwh, s.departure_probability, s.previous_power_kw)
    return Tables(
        charge_kw=_memory(s.charge_max_kw),
        discharge_kw=_memory(s.discharge_max_kw),
        energy_min_kwh=_memory(s.energy_min_kwh),
        energy_max_kwh=_memory(s.energy_max_kwh),
        drain_kwh=_memory(s.drain_kwh),
        leaves=_memory(s.departure_probability),
        previous_kw=_memory(s.previous_power_kw),
        stride=np.array([[step // table.itemsize for step in table.strides] for table in tables], dtype=np.int64),
        step_h=_plain(problem.grid.step_h),
        window=_plain(np.empty((0, T)) if s.caps is None else s.caps.window),
        cap_kwh=_plain(np.empty((n, 0)) if s.caps is None else s.caps.most_kwh),
    )


def _memory(table: Array) -> Array:
    """Return the memory behind a table, from its first number to its last, as one row: whatever its strides, one compiled type."""
    length = 1 + sum((size - 1) * step // table.itemsize for size, step in zip(table.shape, table.strides, strict=True))
    return as_strided(table, (length if table.size else 0,), (table.itemsize,), writeable=False)


def _plain(array: Array) -> Array:
    """Return an array of one compiled type: in order, not to be written."""
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view


def _chunks(group: Index) -> Index:
    """Return the tasks: runs of at most `CHUNK` cars of one group, (B, 2)."""
    begins = np.flatnonzero(np.diff(group, prepend=-1))
    ends = np.append(begins[1:], len(group))
    spans = [(a, min(a + CHUNK, end)) for begin, end in zip(begins, ends, strict=True) for a in range(begin, end, CHUNK)]
    return np.array(spans, dtype=np.int64).reshape(-1, 2)
