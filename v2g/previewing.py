"""Questions about signals that nobody has published yet, and their answers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

import numpy as np

from v2g.response import Response
from v2g.signals import Interval, Signal, SignalKind, Signals
from v2g.timegrid import Array

SETTLED_FRAC = 0.01
"""A price is found when it is known to this share."""
REACHED_KW = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class SurfaceQuestion:
    """What each of `prices` in each of `hours` alone would do; hours are in order."""

    hours: tuple[Interval, ...]
    prices: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Surface:
    """How a station answers a price in an hour; arrays are (n_hours, n_prices), what is without it (n_hours,).

    Parameters
    ----------
    before_kw, before_peak_kw : (n_hours,)
        Mean and highest net import in each hour as planned now [kW].
    price_before_per_kwh : (n_hours,)
        Mean import price in each hour now [currency/kWh].
    power_kw, peak_kw
        The same under each price [kW].
    moved_kwh, rebound_kwh
        Energy moved, and drawn more after the hour [kWh].
    cost
        Change of the operator's cost [currency].
    drivers
        Number of drivers affected.
    """

    hours: tuple[Interval, ...]
    prices: tuple[float, ...]
    before_kw: Array
    before_peak_kw: Array
    price_before_per_kwh: Array
    power_kw: Array
    peak_kw: Array
    moved_kwh: Array
    rebound_kwh: Array
    cost: Array
    drivers: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceQuestion:
    """Which price over [start, end) keeps the net import at `target_kw` or below; none above `most_per_kwh` is tried."""

    start: datetime
    end: datetime
    target_kw: float
    most_per_kwh: float

    def reached(self, response: Response) -> bool:
        """Return whether a response keeps to the target."""
        return response.window_peak_after_kw <= self.target_kw + REACHED_KW


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """The highest net import in the window [kW] under a price [currency/kWh]."""

    price_per_kwh: float
    peak_kw: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PriceFound:
    """The answer to a `PriceQuestion`: `price_per_kwh` is None if no price does, and then `response` is that to the highest.

    `tried` are all prices asked about, cheapest first.
    """

    price_per_kwh: float | None
    tried: tuple[Tried, ...]
    response: Response


@dataclass(frozen=True, slots=True, kw_only=True)
class Bracket:
    """Prices between which the least one lies that reaches a target: `low` does not, `high` does.

    The energy drawn in a window does not grow with its price (an optimum's revealed preference); its highest step nearly follows.
    So halving finds a price that does, and of those next to it the least.
    """

    low: float
    high: float

    @property
    def middle(self) -> float:
        """The price to try next."""
        return (self.low + self.high) / 2

    @property
    def settled(self) -> bool:
        """Whether `high` is near enough."""
        return self.high - self.low <= SETTLED_FRAC * max(abs(self.high), abs(self.low))

    def narrowed(self, price: float, *, reached: bool) -> "Bracket":
        """Return the bracket after a trial of `price`."""
        return replace(self, high=price) if reached else replace(self, low=price)


def price_signal(intervals: tuple[Interval, ...], at: datetime) -> Signal:
    """Return a price over `intervals` as if it were published at `at` and prevailed."""
    return Signal(signal_id="preview", kind=SignalKind.PRICE, source="preview", issued_at=at, intervals=intervals, priority=0)


def surface_of(question: SurfaceQuestion, rows: Sequence[Sequence[Response]]) -> Surface:
    """Return the surface of responses by hour (n_hours) and price (n_prices)."""

    def table(value: Callable[[Response], float]) -> Array:
        return np.array([[value(response) for response in row] for row in rows])

    firsts = [row[0] for row in rows]
    return Surface(
        hours=question.hours,
        prices=question.prices,
        before_kw=np.array([mean_kw(r.before_kw.expected, r) for r in firsts]),
        before_peak_kw=np.array([r.window_peak_before_kw for r in firsts]),
        price_before_per_kwh=np.array([r.price_before_per_kwh for r in firsts]),
        power_kw=table(lambda r: mean_kw(r.after_kw.expected, r)),
        peak_kw=table(lambda r: r.window_peak_after_kw),
        moved_kwh=table(lambda r: r.moved_kwh),
        rebound_kwh=table(lambda r: r.rebound_kwh),
        cost=table(lambda r: r.cost),
        drivers=table(lambda r: len(r.drivers)),
    )


def mean_kw(power_kw: Array, response: Response) -> float:
    """Return the mean power in a response's window, 0 where it lies beyond the grid [kW]."""
    hours_h = response.grid.step_h * response.window.inside
    return float(hours_h @ power_kw / hours_h.sum()) if hours_h.any() else 0.0


class Previews(Protocol):
    """Answers questions about signals before anything is published; whatever is asked, the station goes on as it does.

    All raise `PlanningError` if no solver answers, or before the first tick; a question is given up when its asker is cancelled.
    """

    async def preview(self, signals: Signals) -> Response:
        """Return what the station would do under `signals` besides those in force."""
        ...

    async def find_price(self, question: PriceQuestion) -> PriceFound:
        """Return the least price that reaches the target, or that none does."""
        ...

    async def surface(self, question: SurfaceQuestion, told: Callable[[float], None]) -> Surface:
        """Return the response surface; `told` hears the share done, 0..1."""
        ...
