"""The real files, where the machine has them: named by V2G_DATA, or in a folder beside the checkout."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from adapters.series.align import align
from adapters.series.place import align_sessions
from adapters.series.series import SeriesKind, read_series
from adapters.series.sessions import read_sessions

BESIDE = Path(__file__).resolve().parents[4] / "shared" / "data"
DATA = Path(os.environ.get("V2G_DATA", BESIDE))
ANGELES = "America/Los_Angeles"
START = datetime(2026, 6, 8, tzinfo=ZoneInfo(ANGELES)).astimezone(UTC)
END = START + timedelta(days=7)

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the real series are not on this machine")


@pytest.mark.parametrize(
    ("name", "kind", "zone", "low", "high"),
    [
        ("load_steel_plant_15min", SeriesKind.LOAD, "Asia/Seoul", 9.0, 620.0),
        ("load_office_1h", SeriesKind.LOAD, "Europe/London", 0.0, 1200.0),
        ("load_pv_household_30min", SeriesKind.PV, "Europe/Paris", 0.0, 5.0),
        ("load_grid_point_15min", SeriesKind.LOAD, "Europe/Amsterdam", -1200.0, 11_000.0),
        ("price_dayahead_nl_1h", SeriesKind.PRICE, "Europe/Amsterdam", -0.3, 0.9),
    ],
)
def test_every_series_fills_a_week(name: str, kind: SeriesKind, zone: str, low: float, high: float) -> None:
    series = read_series(DATA / f"{name}.csv.gz", kind=kind)
    aligned = align(series, start=START, end=END, time_zone=ANGELES, series_time_zone=zone, days_before=28)
    assert aligned.values.shape == (672,)
    assert aligned.history.shape == (28 * 96,)
    assert np.isfinite(aligned.values).all()
    assert low <= aligned.values.min() <= aligned.values.max() <= high


def test_the_factory_works_by_day_and_rests_on_sunday_after_alignment() -> None:
    series = read_series(DATA / "load_steel_plant_15min.csv.gz", kind=SeriesKind.LOAD)
    week = align(series, start=START, end=END, time_zone=ANGELES, series_time_zone="Asia/Seoul").values.reshape(7, 24, 4)
    assert week[:5, 9:17].mean() > 5 * week[6].mean()
    assert week[:5, 9:17].mean() > 3 * week[:5, 0:6].mean()


@pytest.mark.parametrize(
    ("name", "zone", "n_rows"),
    [
        ("sessions_workplace_caltech", ANGELES, 3527),
        ("sessions_workplace_jpl", ANGELES, 18_454),
        ("sessions_apartments_norway", "Europe/Oslo", 10_506),
    ],
)
def test_every_session_file_fills_a_week(name: str, zone: str, n_rows: int) -> None:
    rows = read_sessions(DATA / f"{name}.csv.gz")
    assert len(rows) == n_rows
    placement = align_sessions(
        rows,
        start=START,
        end=END,
        time_zone=ANGELES,
        series_time_zone=zone,
        evse_ids=[f"CP-{i}" for i in range(54)],
        seed=1,
        days_before=28,
    )
    assert len(placement.sessions) > 100
    assert len(placement.ended) > 3 * len(placement.sessions)


def test_what_was_never_stated_is_not_read() -> None:
    """506 sessions of this file were never claimed by a driver; the file repeats what came true in their place."""
    rows = read_sessions(DATA / "sessions_workplace_caltech.csv.gz")
    assert sum(row.stated_departure is None for row in rows) == 506
