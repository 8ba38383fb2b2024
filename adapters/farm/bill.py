"""The bill of a simulated station: what its quarter-hours cost and earned, by what really happened in them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from adapters.farm.outcome import QUARTER_S, Outcome
from adapters.farm.surroundings import StepSeries
from v2g.commitments import CapacityContract, Dispatch, Event, Reserve
from v2g.timegrid import Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Calls:
    """What the grid asked of a station that answers: by quarter-hours, the first of which begins at `start`.

    `held_kw` has the mean held for each reserve in each quarter-hour [kW].
    """

    start: datetime
    dispatch: Dispatch | None = None
    events: tuple[Event, ...] = ()
    reserves: tuple[Reserve, ...] = ()
    held_kw: tuple[Array, ...] = ()

    def between(self, start: datetime, n_quarters: int) -> "Calls":
        """Return the calls of the `n_quarters` quarter-hours from `start` on."""
        first = round((start - self.start) / timedelta(seconds=QUARTER_S))
        here = slice(first, first + n_quarters)
        events = [replace(e, cover=e.cover[here], baseline_kw=e.baseline_kw[here]) for e in self.events]
        reserves = [(replace(r, cover=r.cover[here]), held[here]) for r, held in zip(self.reserves, self.held_kw, strict=True)]
        return replace(
            self,
            start=start,
            dispatch=self.dispatch and replace(self.dispatch, follow_kw=self.dispatch.follow_kw[here]),
            events=tuple(e for e in events if e.cover.any()),
            reserves=tuple(r for r, _ in reserves if r.cover.any()),
            held_kw=tuple(held for r, held in reserves if r.cover.any()),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prices:
    """What energy costs at the connection [currency/kWh], the demand charge [currency/kW and calendar month], the contract.

    `carbon_per_kwh` is the price of an imported kWh's carbon; `calls` are None for a station that answers none: it is neither paid
    nor fined for them.
    """

    import_per_kwh: StepSeries
    export_per_kwh: StepSeries
    demand_charge_per_kw: float = 0.0
    contract: CapacityContract | None = None
    carbon_per_kwh: StepSeries | None = None
    calls: Calls | None = None
    time_zone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What the outcome costs [currency]; `export_revenue` is already taken off `total`. What events and reserves pay is below 0."""

    import_cost: float
    export_revenue: float
    demand_cost: float
    contract_cost: float
    carbon_cost: float
    event_cost: float
    reserve_cost: float
    dispatch_cost: float

    @property
    def total(self) -> float:
        """The sum to pay."""
        bought = self.import_cost - self.export_revenue + self.demand_cost + self.contract_cost + self.carbon_cost
        return bought + self.event_cost + self.reserve_cost + self.dispatch_cost


def bill(outcome: Outcome, prices: Prices) -> Bill:
    """Price every quarter-hour at its beginning, each calendar month's highest one, and what was asked and done in them."""
    hours_h, peaks_kw = outcome.covered_h, _peaks_kw(outcome, prices.time_zone)
    calls = prices.calls.between(outcome.first_quarter, len(hours_h)) if prices.calls else Calls(start=outcome.first_quarter)
    net_kw = outcome.import_kw - outcome.export_kw
    return Bill(
        import_cost=_energy_cost(prices.import_per_kwh, outcome.import_kw, outcome),
        export_revenue=_energy_cost(prices.export_per_kwh, outcome.export_kw, outcome),
        demand_cost=prices.demand_charge_per_kw * sum(peaks_kw),
        contract_cost=sum(prices.contract.month_cost(kw) for kw in peaks_kw) if prices.contract else 0.0,
        carbon_cost=_energy_cost(prices.carbon_per_kwh, outcome.import_kw, outcome),
        event_cost=sum((_event_cost(e, net_kw, hours_h) for e in calls.events), 0.0),
        reserve_cost=sum((_reserve_cost(r, held, hours_h) for r, held in zip(calls.reserves, calls.held_kw, strict=True)), 0.0),
        dispatch_cost=_dispatch_cost(calls.dispatch, net_kw, hours_h) if calls.dispatch else 0.0,
    )


def _energy_cost(price_per_kwh: StepSeries | None, power_kw: Array, outcome: Outcome) -> float:
    if price_per_kwh is None:
        return 0.0
    begin_s = outcome.first_quarter.timestamp()
    price = np.array([price_per_kwh.at(begin_s + QUARTER_S * i) for i in range(len(power_kw))])
    return float((price * power_kw) @ outcome.covered_h)


def _peaks_kw(outcome: Outcome, time_zone: str) -> Sequence[float]:
    peaks_kw: dict[tuple[int, int], float] = {}
    for index, import_kw in enumerate(outcome.import_kw):
        local = (outcome.first_quarter + timedelta(seconds=QUARTER_S * index)).astimezone(ZoneInfo(time_zone))
        month = (local.year, local.month)
        peaks_kw[month] = max(peaks_kw.get(month, 0.0), float(import_kw))
    return tuple(peaks_kw.values())


def _event_cost(event: Event, net_kw: Array, hours_h: Array) -> float:
    delivered_kw = np.minimum(event.direction * (event.baseline_kw - net_kw), event.committed_kw)
    lacking_kw = np.maximum(event.owed_frac * event.committed_kw - delivered_kw, 0.0)
    return float((event.penalty_per_kwh * lacking_kw - event.payment_per_kwh * delivered_kw) @ (event.cover * hours_h))


def _reserve_cost(reserve: Reserve, held_kw: Array, hours_h: Array) -> float:
    missing_kw = np.maximum(reserve.committed_kw - held_kw, 0.0)
    return float((reserve.penalty_per_kw_h * missing_kw - reserve.payment_per_kw_h * held_kw) @ (reserve.cover * hours_h))


def _dispatch_cost(dispatch: Dispatch, net_kw: Array, hours_h: Array) -> float:
    return dispatch.price_per_kwh * float(np.nan_to_num(np.abs(net_kw - dispatch.follow_kw)) @ hours_h)
