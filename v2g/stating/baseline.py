"""What events are measured against: the net import expected before anything of them was known.

An instant's baseline is fixed when the first event that touches it is seen, from the plan made before; events that come, change
or go while others touch it find it as it is. So no plan that answers an event, and no second event, moves what either is paid for.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from v2g.outlook import LEVELS, Outlook
from v2g.record import Memory
from v2g.signals import Interval, SignalKind, Signals
from v2g.timegrid import Array, TimeGrid

EVENTS = (SignalKind.DEMAND_REDUCTION, SignalKind.DEMAND_INCREASE)
MEDIAN = LEVELS.index(0.5)


def remember_baseline(memory: Memory, signals: Signals, outlook: Outlook) -> Memory:
    """Return `memory` with the baseline of every instant that an event touches within the outlook; others are forgotten.

    What is not fixed yet is what the last plan expected; where it says nothing, the forecast net load with idle cars.
    """
    grid = outlook.grid
    called = [i for s in signals if s.kind in EVENTS for i in s.intervals if i.end > grid.start and i.start < grid.end]
    if not called:
        return replace(memory, baseline_kw=())
    known = [*_intervals(grid, idle_kw(outlook))]
    if memory.plan is not None:
        known += _intervals(memory.plan.grid, memory.plan.import_kw - memory.plan.export_kw)
    return replace(memory, baseline_kw=_within(called, (*known, *memory.baseline_kw), grid))


def idle_kw(outlook: Outlook) -> Array:
    """Return the median net import expected while all cars and batteries rest, (n_steps,) [kW]."""
    return np.asarray(outlook.load_kw[MEDIAN] - outlook.pv_kw[MEDIAN])


def _intervals(grid: TimeGrid, values: Array) -> list[Interval]:
    edges = (*grid.starts, grid.end)
    return [Interval(start=a, end=b, value=float(v)) for (a, b), v in zip(pairwise(edges), values, strict=True)]


def _within(called: Sequence[Interval], known: Sequence[Interval], grid: TimeGrid) -> tuple[Interval, ...]:
    """Return what `known` says, a later one over earlier ones, where `called` is and the grid reaches; equal neighbours as one."""
    cuts = {cut for interval in (*called, *known) for cut in (interval.start, interval.end)}
    pieces: list[Interval] = []
    for a, b in pairwise(sorted({min(max(cut, grid.start), grid.end) for cut in cuts})):
        if not any(i.start <= a < i.end for i in called):
            continue
        value = next(i.value for i in reversed(known) if i.start <= a < i.end)
        if pieces and pieces[-1].end == a and pieces[-1].value == value:
            pieces[-1] = replace(pieces[-1], end=b)
        else:
            pieces.append(Interval(start=a, end=b, value=value))
    return tuple(pieces)
