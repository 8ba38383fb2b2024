"""What the station owes or may earn beyond buying energy: capacity contract, carbon, dispatch, events, reserve."""

from dataclasses import dataclass

from v2g.timegrid import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityContract:
    """Subscribed capacity at the connection: what is beyond it is bought in whole blocks or paid as overage.

        cost = block_price·n + overage_price_per_kw·max(0, peak − max(contracted_kw + block_kw·n, peak_so_far)),   n = 0..max_blocks

    `contracted_kw` [kW] is what the billing month's subscription holds already; `block_kw` 0 means that no more can be bought.
    """

    contracted_kw: float
    overage_price_per_kw: float = 0.0
    block_kw: float = 0.0
    block_price: float = 0.0
    max_blocks: int = 0

    def month_cost(self, peak_kw: float) -> float:
        """Return what a whole month with this peak costs [currency]: the cheapest number of blocks, and the overage beyond them."""

        def cost(n: int) -> float:
            return self.block_price * n + self.overage_price_per_kw * max(peak_kw - self.contracted_kw - self.block_kw * n, 0.0)

        return min(cost(n) for n in range(self.max_blocks + 1))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Carbon:
    """Carbon of imported energy: `intensity_kg_per_kwh` (T,) and its price [currency/kg]."""

    intensity_kg_per_kwh: Array
    price_per_kg: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dispatch:
    """Net import that the grid asks the site to follow.

    `follow_kw` is (T,) [kW, + import], NaN where nothing is asked; each kWh of deviation costs `price_per_kwh`.
    """

    follow_kw: Array
    price_per_kwh: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Event:
    """A demand-response event: stay below (`direction` +1) or above (−1) a baseline, for money.

    In each step that `cover` (T,) [share of the step] touches, ``delivered_kw ≤ direction·(baseline_kw − net import)``, at most
    `committed_kw`; it earns `payment_per_kwh` (negative delivery loses it), and what lacks to ``owed_frac·committed_kw`` is fined
    `penalty_per_kwh`. `baseline_kw` is (T,).
    """

    event_id: str
    direction: int
    cover: Array
    baseline_kw: Array
    committed_kw: float
    payment_per_kwh: float = 0.0
    penalty_per_kwh: float = 0.0
    owed_frac: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reserve:
    """Capacity held ready through a block, one amount for all steps that `cover` (T,) touches.

    `direction` +1: the site can lower its import by as much (up-regulation); −1: raise it; 0: both (symmetric). Behind each kW
    stands its energy for `energy_h`, within the storages' bounds, and room under every circuit's limit. `committed_kw` is owed
    (`penalty_per_kw_h` for each kW and hour missing); up to `offer_max_kw` more may be held for `payment_per_kw_h`, which is paid
    for all that is held.
    """

    reserve_id: str
    direction: int
    cover: Array
    committed_kw: float = 0.0
    offer_max_kw: float = 0.0
    payment_per_kw_h: float = 0.0
    penalty_per_kw_h: float = 0.0
    energy_h: float = 1.0
