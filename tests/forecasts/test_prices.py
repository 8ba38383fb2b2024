import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from forecasts.prices import Prices, tariff_prices
from v2g.signals import Interval, Signal, SignalKind
from v2g.site import Tariff, TariffPeriod
from v2g.timegrid import TimeGrid

BERLIN = "Europe/Berlin"
TARIFF = Tariff(
    base_price_per_kwh=0.30,
    periods=(
        TariffPeriod(start_h=0, end_h=2.5, price_per_kwh=0.10),
        TariffPeriod(start_h=17, end_h=20.25, price_per_kwh=0.50, weekdays=(1, 2, 3, 4, 5)),
        TariffPeriod(start_h=18, end_h=19, price_per_kwh=0.90, months=(3,)),
    ),
    export_share=0.5,
    export_adder_per_kwh=0.01,
)


def price_by_the_clock(instant: datetime) -> float:
    """Read the tariff above off a wall clock."""
    wall = instant.astimezone(ZoneInfo(BERLIN))
    hour = wall.hour + wall.minute / 60
    if 18 <= hour < 19 and wall.month == 3:
        return 0.90
    if 17 <= hour < 20.25 and wall.isoweekday() <= 5:
        return 0.50
    return 0.10 if hour < 2.5 else 0.30


@pytest.mark.parametrize("day", ["2026-03-27", "2026-03-28", "2026-10-24", "2026-06-30"])
def test_the_tariff_is_exact_on_every_step_and_both_dst_days(day: str) -> None:
    start = datetime.fromisoformat(day).replace(hour=13, minute=10, tzinfo=UTC)
    grid = TimeGrid(start=start, step_h=np.r_[1 / 12, np.full(15, 0.25), np.full(44, 1.0)])
    minutes = np.array([price_by_the_clock(start + timedelta(minutes=m)) for m in range(round(grid.step_h.sum() * 60))])
    edges = np.round(grid.edges_h * 60).astype(int)
    expected = [minutes[a:b].mean() for a, b in itertools.pairwise(edges)]
    np.testing.assert_allclose(tariff_prices(TARIFF, BERLIN, grid), expected)


def test_a_flat_tariff_is_flat() -> None:
    grid = TimeGrid.uniform(datetime(2026, 3, 29, tzinfo=UTC), step_h=1.0, n_steps=30)
    np.testing.assert_allclose(tariff_prices(Tariff(base_price_per_kwh=0.2), BERLIN, grid), 0.2)


def hourly(begin: datetime, values: list[float], kind: SignalKind = SignalKind.PRICE) -> Signal:
    hour = timedelta(hours=1)
    intervals = tuple(Interval(start=begin + i * hour, end=begin + (i + 1) * hour, value=v) for i, v in enumerate(values))
    return Signal(signal_id=kind, kind=kind, source="market", issued_at=begin, intervals=intervals)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(BERLIN)).astimezone(UTC)


def test_published_prices_stand_and_export_is_its_share_of_them() -> None:
    start = local("2026-05-04T00:00")
    grid = TimeGrid.uniform(start, step_h=1.0, n_steps=4)
    prices = Prices(TARIFF, BERLIN).on(grid, (hourly(start, [0.1, -0.2, 0.3, 0.4]),))
    np.testing.assert_allclose(prices.import_per_kwh, [0.1, -0.2, 0.3, 0.4])
    np.testing.assert_allclose(prices.export_per_kwh, [0.06, -0.09, 0.16, 0.21])
    assert prices.notes == (
        "import price: published until 2026-05-04 04:00, beyond it the tariff",
        "export price: 0.5 of import + 0.01",
    )


@pytest.mark.parametrize("day", ["2026-05-04", "2026-03-28", "2026-10-24"])
def test_beyond_the_published_day_the_same_local_hours_hold_again(day: str) -> None:
    """The day after has 24, 23 and 25 hours; its 18:00 costs what 18:00 cost."""
    start = local(f"{day}T00:00")
    values = [0.01 * hour for hour in range(24)]
    grid = TimeGrid.uniform(start, step_h=1.0, n_steps=47)
    prices = Prices(TARIFF, BERLIN).on(grid, (hourly(start, values),))
    expected = [values[instant.astimezone(ZoneInfo(BERLIN)).hour] for instant in grid.starts]
    np.testing.assert_allclose(prices.import_per_kwh, expected)
    assert prices.notes[0].endswith("00:00, beyond it foretold from the days before")


def test_what_is_published_is_sure_and_what_is_not_lies_in_a_band_that_more_days_tell() -> None:
    start = local("2026-05-04T00:00")
    rng = np.random.default_rng(4)
    shape = 0.3 + 0.2 * np.sin(np.arange(24) / 24 * 2 * np.pi)
    days = [shape + rng.normal(0.0, 0.05, 24) for _ in range(14)]
    grid = TimeGrid.uniform(start + timedelta(days=13), step_h=1.0, n_steps=48)
    prices = Prices(TARIFF, BERLIN).on(grid, (hourly(start, np.concatenate(days).tolist()),))
    np.testing.assert_allclose(prices.import_quantiles[:, :24], np.tile(days[-1], (7, 1)))
    np.testing.assert_array_equal(prices.import_quantiles[3], prices.import_per_kwh)
    assert (np.diff(prices.import_quantiles, axis=0) >= 0).all()
    assert (prices.import_quantiles[-1, 24:] > prices.import_quantiles[0, 24:]).all()
    missed = np.abs(prices.import_per_kwh[24:] - shape).mean()
    assert missed < 0.75 * np.abs(days[-1] - shape).mean()


def test_less_than_a_day_published_says_nothing_of_tomorrow() -> None:
    start = local("2026-05-04T17:00")
    grid = TimeGrid.uniform(start, step_h=1.0, n_steps=30)
    prices = Prices(TARIFF, BERLIN).on(grid, (hourly(start, [2.0, 2.0]),))
    np.testing.assert_allclose(prices.import_per_kwh[:2], 2.0)
    np.testing.assert_allclose(prices.import_per_kwh[2:], tariff_prices(TARIFF, BERLIN, grid)[2:])


def test_a_published_export_price_is_paid_and_import_stays_the_tariff() -> None:
    start = local("2026-05-04T00:00")
    grid = TimeGrid.uniform(start, step_h=1.0, n_steps=2)
    prices = Prices(TARIFF, BERLIN).on(grid, (hourly(start, [0.7], SignalKind.EXPORT_PRICE),))
    np.testing.assert_allclose(prices.import_per_kwh, 0.10)
    np.testing.assert_allclose(prices.export_per_kwh, [0.7, 0.06])
    assert prices.notes[0] == "import price: the tariff"


def test_a_new_signal_and_a_new_day_are_both_noticed() -> None:
    prices = Prices(TARIFF, BERLIN)
    start = local("2026-05-04T12:00")
    grid, tomorrow = (TimeGrid.uniform(start + timedelta(days=d), step_h=1.0, n_steps=2) for d in (0, 1))
    assert prices.on(grid, ()).import_per_kwh[0] == pytest.approx(0.30)
    assert prices.on(grid, (hourly(start, [1.5] * 3),)).import_per_kwh[0] == pytest.approx(1.5)
    assert prices.on(tomorrow, ()).import_per_kwh[0] == pytest.approx(0.30)
