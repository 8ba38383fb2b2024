"""What the grid, a market or a person publishes: prices and limits over time, each with its source and priority."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import numpy as np

from v2g.timegrid import Array, TimeGrid


class SignalKind(StrEnum):
    """OpenADR 3 payload types; prices in currency/kWh, limits in kW (≥ 0), GHG in g/kWh, dispatch in kW (+ import).

    The last five are calls on the site, with a `Contract`: kW by which to stay below or above the baseline, kW to hold ready.
    """

    PRICE = "PRICE"
    EXPORT_PRICE = "EXPORT_PRICE"
    IMPORT_CAPACITY_LIMIT = "IMPORT_CAPACITY_LIMIT"
    EXPORT_CAPACITY_LIMIT = "EXPORT_CAPACITY_LIMIT"
    GHG = "GHG"
    DISPATCH_SETPOINT = "DISPATCH_SETPOINT"
    DEMAND_REDUCTION = "DEMAND_REDUCTION"
    DEMAND_INCREASE = "DEMAND_INCREASE"
    RESERVE_UP = "RESERVE_UP"
    RESERVE_DOWN = "RESERVE_DOWN"
    RESERVE_SYMMETRIC = "RESERVE_SYMMETRIC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """One value from `start` (inclusive) to `end` (exclusive)."""

    start: datetime
    end: datetime
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """What a call pays and fines. Prices are per kWh of an event or deviation, per kW and hour of a reserve.

    `baseline_kw` is the net import an event counts from, None for what was planned without it. `owed_frac` is the share of the
    call below which delivery is fined. `rebound_cap_kw` limits the import for `rebound_h` after an event; None = no cap.
    `energy_h` is how long a reserve must be able to deliver, `offer_max_kw` what may be held beyond the call.
    """

    payment: float = 0.0
    penalty: float = 0.0
    owed_frac: float = 1.0
    baseline_kw: float | None = None
    rebound_cap_kw: float | None = None
    rebound_h: float = 0.0
    energy_h: float = 1.0
    offer_max_kw: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One published curve, with its `reason` for people. A lower `priority` wins; among equals the one issued last.

    Calls carry a `contract`.
    """

    signal_id: str
    kind: SignalKind
    source: str
    issued_at: datetime
    intervals: tuple[Interval, ...]
    priority: int = 100
    reason: str = ""
    contract: Contract | None = None


Signals = tuple[Signal, ...]


def prevailing(signals: Signals, kind: SignalKind) -> Signals:
    """Return the signals of `kind`, the weakest first, so that a later one overrides an earlier one."""
    return tuple(sorted((s for s in signals if s.kind is kind), key=lambda s: (-s.priority, s.issued_at, s.signal_id)))


def mean_on(signals: Signals, kind: SignalKind, grid: TimeGrid, default: Array) -> Array:
    """Return the time-mean of the prevailing signal on each step, `default` where none speaks, (n_steps,)."""
    spoken = [
        (grid.offset_h(interval.start), grid.offset_h(interval.end), interval.value)
        for signal in prevailing(signals, kind)
        for interval in signal.intervals
    ]
    edges_h = grid.edges_h
    cuts_h = np.clip([hour for start, end, _ in spoken for hour in (start, end)], 0.0, edges_h[-1])
    pieces_h = np.unique(np.concatenate((edges_h, cuts_h)))
    middle_h = (pieces_h[:-1] + pieces_h[1:]) / 2
    step = np.clip(np.searchsorted(edges_h, middle_h, side="right") - 1, 0, grid.n_steps - 1)
    value = np.asarray(default, dtype=np.float64)[step]
    for start, end, spoken_value in spoken:
        value[(middle_h >= start) & (middle_h < end)] = spoken_value
    return np.bincount(step, weights=value * np.diff(pieces_h), minlength=grid.n_steps) / grid.step_h


def least_on(signals: Signals, kind: SignalKind, grid: TimeGrid, ceiling: Array) -> Array:
    """Return the least limit that touches each step, never above `ceiling`, (n_steps,). Limits do not override: the least holds."""
    value = np.array(ceiling, dtype=np.float64)
    for signal in prevailing(signals, kind):
        for interval in signal.intervals:
            touched = grid.coverage(interval.start, interval.end) > 0.0
            value = np.where(touched, np.minimum(value, interval.value), value)
    return value


def value_at(signals: Signals, kind: SignalKind, instant: datetime) -> float | None:
    """Return the prevailing value at `instant`, None where no signal speaks; for limits the least one."""
    values = [i.value for s in prevailing(signals, kind) for i in s.intervals if i.start <= instant < i.end]
    if not values:
        return None
    is_limit = kind in (SignalKind.IMPORT_CAPACITY_LIMIT, SignalKind.EXPORT_CAPACITY_LIMIT)
    return min(values) if is_limit else values[-1]
