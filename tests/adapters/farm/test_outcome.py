from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from adapters.farm.ledger import Ledger
from adapters.farm.outcome import Prices, bill
from adapters.farm.surroundings import StepSeries
from tests.adapters.farm.stations import START, station
from v2g.commitments import CapacityContract


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
