"""Why a unit does what it does: the reasons as data; `v2g.words` says them in Chinese and English."""

from dataclasses import dataclass
from enum import StrEnum

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
    UNCONTROLLED = "uncontrolled"
    FALLBACK = "fallback"


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
