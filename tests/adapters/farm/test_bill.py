from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from adapters.farm.bill import Bill, Calls, Prices, bill
from adapters.farm.ledger import Ledger
from adapters.farm.outcome import Outcome
from adapters.farm.surroundings import StepSeries
from tests.adapters.farm.stations import START, station
from v2g.commitments import CapacityContract, Dispatch, Event, Reserve


def test_import_is_paid_export_earned_and_the_peak_charged() -> None:
    book = Ledger(station(), START)
    for quarter, power_kw in enumerate([8.0, 20.0, -4.0]):
        at_s = START.timestamp() + 900.0 * quarter
        book.add(at_s, 900.0, power_kw=np.array([power_kw]), stored_kwh=np.zeros(1), load_kw=0.0, pv_kw=0.0)
    cost = bill(
        book.outcome(),
        Prices(
            import_per_kwh=StepSeries(start=START, step_s=900.0, values=np.array([1.0, 0.5, 2.0])),
            export_per_kwh=StepSeries(start=START, step_s=900.0, values=np.array([9.0, 9.0, 0.7])),
            demand_charge_per_kw=3.0,
        ),
    )
    assert cost.import_cost == pytest.approx(2.0 * 1.0 + 5.0 * 0.5)
    assert cost.export_revenue == pytest.approx(0.7)
    assert cost.demand_cost == pytest.approx(60.0)
    assert cost.total == pytest.approx(4.5 - 0.7 + 60.0)


def test_each_local_month_has_its_own_peak() -> None:
    start = datetime(2026, 1, 31, 15, 45, tzinfo=UTC)
    book = Ledger(station(), start)
    for quarter, power_kw in enumerate([10.0, 30.0]):
        at = start + timedelta(minutes=15 * quarter)
        book.add(at.timestamp(), 900.0, power_kw=np.array([power_kw]), stored_kwh=np.zeros(1), load_kw=0.0, pv_kw=0.0)
    free = StepSeries.constant(0.0, start)
    prices = {"import_per_kwh": free, "export_per_kwh": free, "demand_charge_per_kw": 1.0}
    assert bill(book.outcome(), Prices(**prices, time_zone="Asia/Shanghai")).total == pytest.approx(40.0)
    assert bill(book.outcome(), Prices(**prices, time_zone="UTC")).total == pytest.approx(30.0)


@pytest.mark.parametrize(
    ("peak_kw", "cost"),
    [
        (79.0, 0.0),
        (82.0, 2 * 48.0),  # cheaper than a block
        (95.0, 640.0),  # a block is cheaper than 15 kW of overage
        (105.0, 640.0 + 5 * 48.0),
        (200.0, 3 * 640.0 + 60 * 48.0),  # no more blocks to be had
    ],
)
def test_a_month_beyond_the_contract_costs_the_cheapest_of_blocks_and_overage(peak_kw: float, cost: float) -> None:
    contract = CapacityContract(contracted_kw=80, overage_price_per_kw=48, block_kw=20, block_price=640, max_blocks=3)
    assert contract.month_cost(peak_kw) == pytest.approx(cost)
    book = Ledger(station(), START)
    book.add(START.timestamp(), 900.0, power_kw=np.array([peak_kw]), stored_kwh=np.zeros(1), load_kw=0.0, pv_kw=0.0)
    free = StepSeries.constant(0.0, START)
    money = bill(book.outcome(), Prices(import_per_kwh=free, export_per_kwh=free, contract=contract))
    assert money.total == money.contract_cost == pytest.approx(cost)


def a_day(*net_kw: float) -> Outcome:
    """Return a station's outcome with these quarter-hours' means."""
    book = Ledger(station(), START)
    for quarter, power_kw in enumerate(net_kw):
        at_s = START.timestamp() + 900.0 * quarter
        book.add(at_s, 900.0, power_kw=np.array([power_kw]), stored_kwh=np.zeros(1), load_kw=0.0, pv_kw=0.0)
    return book.outcome()


def billed(outcome: Outcome, **changes: Any) -> Bill:
    free = StepSeries.constant(0.0, START)
    return bill(outcome, Prices(import_per_kwh=free, export_per_kwh=free, **changes))


def test_carbon_is_paid_for_what_was_imported() -> None:
    carbon = StepSeries(start=START, step_s=900.0, values=np.array([0.1, 0.2, 0.4]))
    money = billed(a_day(8.0, -20.0, 4.0), carbon_per_kwh=carbon)
    assert money.total == money.carbon_cost == pytest.approx(2.0 * 0.1 + 1.0 * 0.4)


@pytest.mark.parametrize(
    ("direction", "net_kw", "cost"),
    [
        (1, 20.0, -10 * 3.0),  # all of what was called
        (1, 5.0, -10 * 3.0),  # no more is paid than called
        (1, 26.0, -4 * 3.0 + 1 * 2.0),  # half of it is owed
        (1, 33.0, 3 * 3.0 + 8 * 2.0),  # the opposite is paid back
        (-1, 38.0, -8 * 3.0),
        (-1, 30.0, 5 * 2.0),
    ],
)
def test_an_event_pays_for_delivery_and_fines_what_lacks(direction: int, net_kw: float, cost: float) -> None:
    event = Event(
        event_id="event",
        direction=direction,
        cover=np.array([0.0, 1.0, 0.5]),
        baseline_kw=np.array([0.0, 30.0, 30.0]),
        committed_kw=10.0,
        payment_per_kwh=3.0,
        penalty_per_kwh=2.0,
        owed_frac=0.5,
    )
    money = billed(a_day(99.0, net_kw, net_kw), calls=Calls(start=START, events=(event,)))
    assert money.total == money.event_cost == pytest.approx(cost * 0.375)


def test_a_reserve_pays_for_what_was_held_and_fines_what_was_missing() -> None:
    reserve = Reserve(
        reserve_id="block",
        direction=1,
        cover=np.array([0.0, 1.0, 1.0, 1.0]),
        committed_kw=10.0,
        offer_max_kw=5.0,
        payment_per_kw_h=0.5,
        penalty_per_kw_h=2.0,
    )
    calls = Calls(start=START, reserves=(reserve,), held_kw=(np.array([15.0, 15.0, 10.0, 6.0]),))
    money = billed(a_day(1.0, 2.0, 3.0, 4.0), calls=calls)
    assert money.total == money.reserve_cost == pytest.approx((-31 * 0.5 + 4 * 2.0) / 4)


def test_dispatch_is_paid_for_the_distance_either_way_where_something_was_asked() -> None:
    dispatch = Dispatch(follow_kw=np.array([np.nan, 10.0, 10.0, -4.0]), price_per_kwh=0.8)
    money = billed(a_day(50.0, 12.0, 7.0, -4.0), calls=Calls(start=START, dispatch=dispatch))
    assert money.total == money.dispatch_cost == pytest.approx((2 + 3) / 4 * 0.8)


def test_of_a_later_span_only_its_own_quarter_hours_count() -> None:
    dispatch = Dispatch(follow_kw=np.array([100.0, np.nan, 10.0, 20.0]), price_per_kwh=1.0)
    reserve = Reserve(reserve_id="over", direction=0, cover=np.array([1.0, 0.0, 0.0, 0.0]), committed_kw=1.0)
    calls = Calls(start=START, dispatch=dispatch, reserves=(reserve,), held_kw=(np.ones(4),))
    later = calls.between(START + timedelta(minutes=30), 2)
    assert later.dispatch is not None
    assert later.dispatch.follow_kw.tolist() == [10.0, 20.0]
    assert later.reserves == later.held_kw == ()
