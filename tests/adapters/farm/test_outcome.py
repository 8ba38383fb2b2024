from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from adapters.farm.ledger import Ledger
from adapters.farm.outcome import Prices, bill
from adapters.farm.surroundings import StepSeries
from tests.adapters.farm.stations import START, station


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
