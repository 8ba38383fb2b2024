"""Calls on the site: demand-response events, reserve, dispatch and carbon, from signals to what the problem knows.

Of two calls of one kind the prevailing one speaks where they overlap, as with all signals; each interval is a commitment by itself.
"""

from collections.abc import Iterator

import numpy as np

from v2g.commitments import Carbon, Dispatch, Event, Reserve
from v2g.signals import Contract, Interval, Signal, SignalKind, Signals, mean_of, prevailing, speaking
from v2g.timegrid import Array, TimeGrid

EVENT_DIRECTIONS = {SignalKind.DEMAND_REDUCTION: 1, SignalKind.DEMAND_INCREASE: -1}
RESERVE_DIRECTIONS = {SignalKind.RESERVE_UP: 1, SignalKind.RESERVE_DOWN: -1, SignalKind.RESERVE_SYMMETRIC: 0}
FOLLOWED_SHARE = 0.5
"""A step of which dispatch covers less than this is left free; steps near now are covered whole."""
KG_PER_G = 1e-3


def events_of(signals: Signals, grid: TimeGrid, baseline_kw: tuple[Interval, ...], idle_kw: Array) -> tuple[Event, ...]:
    """Return the events that touch `grid`; `idle_kw` (n_steps,) is the baseline where nothing else tells it."""
    expected_kw = mean_of(baseline_kw, grid, idle_kw)
    return tuple(
        Event(
            event_id=name,
            direction=direction,
            cover=cover,
            baseline_kw=expected_kw if contract.baseline_kw is None else np.full(grid.n_steps, contract.baseline_kw),
            committed_kw=interval.value,
            payment_per_kwh=contract.payment,
            penalty_per_kwh=contract.penalty,
            owed_frac=contract.owed_frac,
        )
        for kind, direction in EVENT_DIRECTIONS.items()
        for name, contract, interval, cover in _calls(signals, kind, grid)
        if interval.value > 0
    )


def reserves_of(signals: Signals, grid: TimeGrid) -> tuple[Reserve, ...]:
    """Return the reserve blocks that touch `grid`."""
    return tuple(
        Reserve(
            reserve_id=name,
            direction=direction,
            cover=cover,
            committed_kw=interval.value,
            offer_max_kw=contract.offer_max_kw,
            payment_per_kw_h=contract.payment,
            penalty_per_kw_h=contract.penalty,
            energy_h=contract.energy_h,
        )
        for kind, direction in RESERVE_DIRECTIONS.items()
        for name, contract, interval, cover in _calls(signals, kind, grid)
        if interval.value + contract.offer_max_kw > 0
    )


def dispatch_of(signals: Signals, grid: TimeGrid) -> Dispatch | None:
    """Return the net import asked for, None if nothing is; of several signals' penalties the highest holds."""
    calls = list(_calls(signals, SignalKind.DISPATCH_SETPOINT, grid))
    if not calls:
        return None
    cover = np.array([c for _, _, _, c in calls])
    covered = cover.sum(axis=0)
    asked = np.array([interval.value for _, _, interval, _ in calls]) @ cover
    follow = np.where(covered >= FOLLOWED_SHARE, asked / np.maximum(covered, FOLLOWED_SHARE), np.nan)
    return Dispatch(follow_kw=follow, price_per_kwh=max(contract.penalty for _, contract, _, _ in calls))


def carbon_of(signals: Signals, grid: TimeGrid, price_per_kg: float) -> Carbon | None:
    """Return the carbon of imported energy, None if it costs nothing or is not told; where the curve is silent its mean holds."""
    told = [interval for signal in prevailing(signals, SignalKind.GHG) for interval in signal.intervals]
    shares = speaking(told, grid)
    if price_per_kg == 0 or not shares.any():
        return None
    hours_h = shares @ grid.step_h
    mean = float(hours_h @ np.array([i.value for i in told])) / float(hours_h.sum())
    intensity = mean_of(told, grid, np.full(grid.n_steps, mean))
    return Carbon(intensity_kg_per_kwh=KG_PER_G * intensity, price_per_kg=price_per_kg)


def _calls(signals: Signals, kind: SignalKind, grid: TimeGrid) -> Iterator[tuple[str, Contract, Interval, Array]]:
    """Yield name, contract, interval and share of each step (n_steps,) of each call of `kind` that has a say on `grid`."""
    calls: list[tuple[Signal, int]] = [(s, i) for s in prevailing(signals, kind) for i in range(len(s.intervals))]
    shares = speaking([s.intervals[i] for s, i in calls], grid)
    for (signal, i), cover in zip(calls, shares, strict=True):
        if cover.any():
            yield f"{signal.signal_id}[{i}]", signal.contract or Contract(), signal.intervals[i], cover
