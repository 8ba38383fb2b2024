"""Why a unit does what it does: the reasons as data; `v2g.words` says them in Chinese and English."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from v2g.storages import StorageKind
from v2g.timegrid import Array


class Why(StrEnum):
    """Why a unit does what it does in a step."""

    AWAY = "away"
    DONE = "done"
    FLOOR = "floor"
    TARGET = "target"
    SURPLUS = "surplus"
    CHEAP = "cheap"
    WAITS = "waits"
    RESTS = "rests"
    LIMIT = "limit"
    WEAR = "wear"
    EVENT = "event"
    RESERVE = "reserve"
    PEAK = "peak"
    DISCHARGE = "discharge"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Explanation:
    """Why one unit does what it does in each of T steps, and what its driver's guarantee costs.

    Parameters
    ----------
    unit_id, kind
        The unit, and what it is.
    why : (T,)
        The reason of each step.
    limit : (T,)
        Name of the circuit, or circuit:phase, on the unit's way to the grid whose limit costs it most; "" where none binds.
    price_per_kwh : (T,)
        What a kWh costs this unit at its place: the site's marginal price and all limits on the way [currency/kWh].
    limit_price_per_kwh : (T,)
        The part of it that the limits make; negative where drawing more relieves them.
    value_per_kwh : (T,)
        Worth of a kWh stored at each step's end [currency/kWh].
    promise_price_per_kwh
        What the last kWh of the driver's promise costs [currency/kWh]; inf where no money buys it.
    promise_cost
        What the promise costs at most: that price times what it asks beyond what the unit would have at the least without it. The
        optimum is convex in the promise, so that the first kWh cost no more than the last.
    """

    unit_id: str
    kind: StorageKind
    why: tuple[Why, ...]
    limit: tuple[str, ...]
    price_per_kwh: Array
    limit_price_per_kwh: Array
    value_per_kwh: Array
    promise_price_per_kwh: float
    promise_cost: float


WHYS = tuple(Why)
Codes = NDArray[np.int16]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Explanations:
    """The explanations of n units in T steps as arrays; each is made when it is asked for, so that 10,000 cost no more than arrays.

    Parameters
    ----------
    unit_ids, kinds : (n,)
        The units.
    why : (n, T)
        Place of each reason in `WHYS`.
    limit : (n, T)
        Place in `limit_names` of the limit that costs most.
    site_per_kwh : (T,)
        What a kWh costs at the connection [currency/kWh].
    limits_per_kwh, value_per_kwh : (n, T)
        What limits add to it; worth of a kWh stored [currency/kWh].
    promise_price_per_kwh, promise_cost : (n,)
        As in `Explanation` [currency/kWh, currency].
    """

    unit_ids: tuple[str, ...]
    kinds: tuple[StorageKind, ...]
    why: Codes
    limit: Codes
    limit_names: tuple[str, ...]
    site_per_kwh: Array
    limits_per_kwh: Array
    value_per_kwh: Array
    promise_price_per_kwh: Array
    promise_cost: Array

    def __len__(self) -> int:
        return len(self.unit_ids)

    def __iter__(self) -> Iterator[Explanation]:
        return (self[row] for row in range(len(self)))

    def __getitem__(self, row: int) -> Explanation:
        return Explanation(
            unit_id=self.unit_ids[row],
            kind=self.kinds[row],
            why=tuple(WHYS[code] for code in self.why[row].tolist()),
            limit=tuple(self.limit_names[code] for code in self.limit[row].tolist()),
            price_per_kwh=self.site_per_kwh + self.limits_per_kwh[row],
            limit_price_per_kwh=self.limits_per_kwh[row],
            value_per_kwh=self.value_per_kwh[row],
            promise_price_per_kwh=float(self.promise_price_per_kwh[row]),
            promise_cost=float(self.promise_cost[row]),
        )

    def of(self, rows: Sequence[int]) -> "Explanations":
        """Return the explanations of the units in `rows`."""
        return replace(
            self,
            unit_ids=tuple(self.unit_ids[i] for i in rows),
            kinds=tuple(self.kinds[i] for i in rows),
            why=self.why[rows],
            limit=self.limit[rows],
            limits_per_kwh=self.limits_per_kwh[rows],
            value_per_kwh=self.value_per_kwh[rows],
            promise_price_per_kwh=self.promise_price_per_kwh[rows],
            promise_cost=self.promise_cost[rows],
        )

    def now(self) -> tuple[Why, ...]:
        """Return each unit's reason in the first step."""
        return tuple(WHYS[code] for code in self.why[:, 0].tolist())
