"""What the grid, a market or a person publishes: prices and limits over time, each with its source and priority."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
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

    @property
    def rebound(self) -> tuple[Interval, ...]:
        """The import limits [kW] that hold after its intervals, lest all make up at once for what was put off."""
        cap_kw = self.contract.rebound_cap_kw if self.contract else None
        if cap_kw is None or self.contract is None:
            return ()
        length = timedelta(hours=self.contract.rebound_h)
        return tuple(Interval(start=i.end, end=i.end + length, value=cap_kw) for i in self.intervals)

    @property
    def ends_at(self) -> datetime:
        """When it has no more effect."""
        return max(i.end for i in (*self.intervals, *self.rebound))


Signals = tuple[Signal, ...]


def prevailing(signals: Signals, kind: SignalKind) -> Signals:
    """Return the signals of `kind`, the weakest first, so that a later one overrides an earlier one."""
    return tuple(sorted((s for s in signals if s.kind is kind), key=lambda s: (-s.priority, s.issued_at, s.signal_id)))


def speaking(intervals: Sequence[Interval], grid: TimeGrid) -> Array:
    """Return the share of each step in which each interval speaks, 0..1, (n_intervals, n_steps); a later one over earlier ones."""
    edges_h = grid.edges_h
    spans_h = np.array([(grid.offset_h(i.start), grid.offset_h(i.end)) for i in intervals]).reshape(-1, 2)
    pieces_h = np.unique(np.concatenate((edges_h, np.clip(spans_h, 0.0, edges_h[-1]).ravel())))
    middle_h = (pieces_h[:-1] + pieces_h[1:]) / 2
    speaker = np.full(len(middle_h), -1)
    for i, (begin_h, end_h) in enumerate(spans_h):
        speaker[(middle_h >= begin_h) & (middle_h < end_h)] = i
    step = np.clip(np.searchsorted(edges_h, middle_h, side="right") - 1, 0, grid.n_steps - 1)
    said = speaker >= 0
    shares = np.zeros((len(spans_h), grid.n_steps))
    np.add.at(shares, (speaker[said], step[said]), np.diff(pieces_h)[said] / grid.step_h[step[said]])
    return shares


def mean_of(intervals: Sequence[Interval], grid: TimeGrid, default: Array) -> Array:
    """Return the mean on each step of what `intervals` say, a later one over earlier ones, else `default`, (n_steps,)."""
    shares = speaking(intervals, grid)
    return np.asarray(shares.T @ np.array([i.value for i in intervals]) + (1.0 - shares.sum(axis=0)) * default)


def mean_on(signals: Signals, kind: SignalKind, grid: TimeGrid, default: Array) -> Array:
    """Return the time-mean of the prevailing signal on each step, `default` where none speaks, (n_steps,)."""
    return mean_of([i for signal in prevailing(signals, kind) for i in signal.intervals], grid, default)


def least_on(signals: Signals, kind: SignalKind, grid: TimeGrid, ceiling: Array) -> Array:
    """Return the least limit that touches each step, never above `ceiling`, (n_steps,). Limits do not override: the least holds."""
    value = np.array(ceiling, dtype=np.float64)
    for interval in _limits(signals, kind):
        touched = grid.coverage(interval.start, interval.end) > 0.0
        value = np.where(touched, np.minimum(value, interval.value), value)
    return value


def value_at(signals: Signals, kind: SignalKind, instant: datetime) -> float | None:
    """Return the prevailing value at `instant`, None where no signal speaks; for limits the least one."""
    is_limit = kind in (SignalKind.IMPORT_CAPACITY_LIMIT, SignalKind.EXPORT_CAPACITY_LIMIT)
    told = _limits(signals, kind) if is_limit else [i for s in prevailing(signals, kind) for i in s.intervals]
    values = [i.value for i in told if i.start <= instant < i.end]
    if not values:
        return None
    return min(values) if is_limit else values[-1]


def _limits(signals: Signals, kind: SignalKind) -> list[Interval]:
    """Return the limits of `kind`, those that follow on events among them."""
    capping = signals if kind is SignalKind.IMPORT_CAPACITY_LIMIT else ()
    return [i for s in signals if s.kind is kind for i in s.intervals] + [i for s in capping for i in s.rebound]
