"""Results worked out by hand: a day of one car, a flat building and two prices."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.people.results import Stay, quarters, result_of, uncontrolled_kwh
from tests.support.builders import a_site
from v2g.results import Period, Result, by_period, total, with_peak_cost
from v2g.signals import Interval, Signal, SignalKind
from v2g.site import Rules, Tariff, TariffPeriod
from v2g.timegrid import Array, TimeGrid

DAY, START = date(2026, 3, 4), datetime(2026, 3, 4, tzinfo=UTC)
NIGHT = TariffPeriod(start_h=0, end_h=8, price_per_kwh=0.25)
TARIFF = Tariff(base_price_per_kwh=1.0, periods=(NIGHT,), export_share=0.5)
SITE = a_site(2, time_zone="UTC", tariff=TARIFF, rules=Rules(v2g_wear_cost_per_kwh=0.1))
GRID = TimeGrid.uniform(START, step_h=0.25, n_steps=96)


def flows(import_kw: Array, charge_kw: Array, discharge_kw: Array) -> Array:
    """Return a point in the last minute of every quarter-hour."""
    return np.stack([START.timestamp() + 900 * np.arange(96) + 840, import_kw, np.zeros(96), charge_kw, discharge_kw])


def in_hours(begin: int, end: int, power_kw: float) -> Array:
    return np.where((np.arange(96) >= 4 * begin) & (np.arange(96) < 4 * end), power_kw, 0.0)


def stay(since_h: float, until_h: float, energy_kwh: float, asked_kwh: float | None = None, *, left: bool = True) -> Stay:
    since, until = START + timedelta(hours=since_h), START + timedelta(hours=until_h)
    return Stay(since=since, until=until, energy_kwh=energy_kwh, asked_kwh=asked_kwh, left=left)


def test_a_car_that_waited_for_the_night_saved_the_difference_of_the_prices() -> None:
    charge_kw, discharge_kw = in_hours(2, 4, 11.0), in_hours(9, 10, 2.0)
    kw = SITE.evses[0].charge_max_kw
    result = result_of(SITE, DAY, flows(10.0 + charge_kw - discharge_kw, charge_kw, discharge_kw), [stay(8, 20, 20.0, 20.0)], ())
    assert (result.charged_kwh, result.discharged_kwh, result.valley_kwh) == pytest.approx((22.0, 2.0, 22.0))
    assert result.actual.energy_cost == pytest.approx((8 * 10 + 22) * 0.25 + (16 * 10 - 2) * 1.0)
    assert result.actual.peak_kw == pytest.approx(21.0)
    assert result.uncontrolled.energy_cost == pytest.approx(8 * 10 * 0.25 + 16 * 10 + 20.0)
    assert result.uncontrolled.peak_kw == pytest.approx(10 + kw if kw / 4 <= 20.0 else 10 + 80.0)
    assert result.wear_cost == pytest.approx(0.2)
    assert result.saved == pytest.approx(20.0 + 2.0 - 22 * 0.25 - 0.2)
    assert (result.visits, result.asked, result.kept, result.valley_share) == (1, 1, 1, pytest.approx(1.0))


def test_what_is_given_to_the_grid_is_paid_and_carbon_is_counted_where_it_was_told() -> None:
    ghg = Signal(
        signal_id="g",
        kind=SignalKind.GHG,
        source="t",
        issued_at=START,
        intervals=(Interval(start=START, end=GRID.end, value=500.0),),
    )
    net_kw = in_hours(0, 12, 4.0) + in_hours(12, 24, -8.0)
    result = result_of(SITE, DAY, flows(net_kw, np.zeros(96), np.zeros(96)), [], (ghg,))
    assert (result.actual.import_kwh, result.actual.export_kwh) == pytest.approx((48.0, 96.0))
    assert result.actual.energy_cost == pytest.approx(32 * 0.25 + 16 * 1.0 - 96 * 0.5)
    assert result.actual.carbon_kg == pytest.approx(24.0)
    assert result_of(SITE, DAY, flows(net_kw, np.zeros(96), np.zeros(96)), [], ()).actual.carbon_kg is None


def test_only_who_named_an_energy_and_left_that_day_counts_for_promises() -> None:
    stays = [stay(1, 5, 9.8, 10.0), stay(1, 5, 9.0, 10.0), stay(1, 5, 9.0), stay(1, 30, 9.0, 10.0), stay(1, 5, 3.0, left=False)]
    result = result_of(SITE, DAY, flows(np.zeros(96), np.zeros(96), np.zeros(96)), stays, ())
    assert (result.visits, result.asked, result.kept, result.kept_share) == (3, 2, 1, 0.5)


def test_quarters_that_nobody_heard_cost_nothing_and_one_price_has_no_valley() -> None:
    told = flows(np.full(96, 10.0), np.zeros(96), np.zeros(96))[:, :48]
    assert result_of(SITE, DAY, told, [], ()).actual.import_kwh == pytest.approx(120.0)
    flat = a_site(1, time_zone="UTC", tariff=Tariff(base_price_per_kwh=1.0))
    assert result_of(flat, DAY, told, [], ()).valley_share is None


@given(st.lists(st.tuples(st.floats(0, 20), st.floats(0.1, 30), st.floats(0, 60)), max_size=6))
def test_without_control_each_car_draws_all_its_energy_within_its_stay(cars: list[tuple[float, float, float]]) -> None:
    stays = [stay(since, since + length, kwh) for since, length, kwh in cars]
    two_days = TimeGrid.uniform(START, step_h=0.25, n_steps=96 * 3)
    drawn_kwh = uncontrolled_kwh(SITE, stays, two_days)
    assert drawn_kwh.sum() == pytest.approx(sum(kwh for _, _, kwh in cars), abs=1e-6)
    assert (drawn_kwh >= 0).all()


def test_means_of_a_quarter_are_of_what_was_heard_in_it_import_and_export_apart() -> None:
    at = START.timestamp() + np.array([60.0, 120.0, 180.0, 2000.0])
    means, covered_h = quarters(np.array([at, [6.0, -2.0, 2.0, 5.0], [1.0, 3.0, 2.0, 0.0], [0.0] * 4, [0.0] * 4]), GRID)
    assert (means[0][:3].tolist(), means[2][0]) == ([pytest.approx(8 / 3), 0.0, 5.0], 2.0)
    assert means[1][:3].tolist() == [pytest.approx(2 / 3), 0.0, 0.0]
    assert covered_h[:4] == pytest.approx([240 / 3600, 0.0, 60 / 3600, 0.0])


@pytest.mark.parametrize("apart_s", [60.0, 300.0])
def test_of_the_quarter_in_which_the_daemon_was_started_only_what_followed_counts(apart_s: float) -> None:
    since_s, until_s = 765.0, 3600.0 + 600.0
    at = START.timestamp() + np.arange(since_s, until_s, apart_s)
    _, covered_h = quarters(np.array([at, *(np.full(len(at), kw) for kw in (9.0, 0.0, 7.0, 0.0))]), GRID)
    assert covered_h[:4] == pytest.approx([135 / 3600, 0.25, 0.25, 0.25])
    assert covered_h[4] == pytest.approx(600 / 3600, abs=apart_s / 3600)
    assert covered_h[5:].max() == 0.0


def a_result(day: date) -> Result:
    return result_of(SITE, day, flows(np.full(96, float(day.day)), np.zeros(96), np.zeros(96)) + shift(day), [], ())


def shift(day: date) -> Array:
    return np.array([[86400.0 * (day - DAY).days], *([[0.0]] * 4)])


def test_months_are_the_sum_of_their_days_with_the_highest_peak() -> None:
    days = [a_result(DAY + timedelta(days=i)) for i in range(-6, 6)]
    months = by_period(days, Period.MONTH)
    assert [(m.start, m.days) for m in months] == [(date(2026, 2, 1), 3), (date(2026, 3, 1), 9)]
    assert sum(m.actual.import_kwh for m in months) == pytest.approx(total(days, DAY).actual.import_kwh)
    assert [m.actual.peak_kw for m in months] == [28.0, 9.0]
    assert with_peak_cost(months[0], 7.0, 9.0).saved == pytest.approx(2.0)
    assert by_period(days, Period.DAY) == tuple(days)
    assert len(by_period(days, Period.YEAR)) == 1
