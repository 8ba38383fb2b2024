"""Scenarios last as long as their days do, also where the clocks change; days without a calendar are refused."""

import csv
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from config.simulation.closed_loop import Scenario
from config.simulation.scenarios import HISTORY_DAYS, Files, Past, make_scenario
from config.site.load import load_site
from forecasts.localtime import SLOT_S, SLOTS_PER_DAY, seconds
from v2g.errors import InputError, SeriesError

SITE = """\
id: hall
time_zone: Europe/Berlin
grid: {import_limit_kw: 30}
chargers: [{id: CP, protocol: mqtt, charge_max_kw: 11}]
load: {base_kw: 3, peak_kw: 14}
tariff: {base_price_per_kwh: 0.3}
mqtt: {host: 127.0.0.1}
"""
YEAR = [datetime(2020, 1, 1, tzinfo=UTC) + timedelta(hours=h) for h in range(366 * 24)]
"""The site's clock is Berlin's: in 2020 it changed on March 29 and October 25."""


def write(path: Path, column: str) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["timestamp", column], *([t.isoformat(), t.timestamp()] for t in YEAR)])
    return path


def made(folder: Path, files: Files, *, days: int = 2) -> tuple[Scenario, Past]:
    site = folder / "site.yaml"
    site.write_text(SITE, encoding="utf-8")
    return make_scenario(load_site(site), files, days=days, seed=1, v2g_share=0.5)


@pytest.mark.parametrize(("start", "hours"), [(date(2020, 3, 28), 47), (date(2020, 10, 24), 49)])
def test_load_and_prices_cover_the_days_on_which_the_clocks_change(tmp_path: Path, start: date, hours: int) -> None:
    load, prices = write(tmp_path / "load.csv", "load_kw"), write(tmp_path / "prices.csv", "price_per_kwh")
    scenario, _ = made(tmp_path, Files(load=load, prices=prices, start=start))
    last = scenario.start + timedelta(hours=hours - 1)
    assert scenario.end == last + timedelta(hours=1)
    assert len(scenario.load_kw.values) == 4 * hours
    assert scenario.load_kw.values[-1] == last.timestamp()
    assert len(scenario.signals) == 2
    assert scenario.signals[-1].intervals[-1].end == scenario.end
    assert scenario.signals[-1].intervals[-1].value == last.timestamp()


def test_made_up_load_and_sun_last_to_the_end(tmp_path: Path) -> None:
    scenario, _ = made(tmp_path, Files(start=date(2020, 10, 24)))
    assert scenario.end - scenario.start == timedelta(hours=49)
    for series in (scenario.load_kw, scenario.pv_kw):
        assert series.start + timedelta(seconds=series.step_s * len(series.values)) >= scenario.end


SUN = "pv: [{id: roof, peak_kw: 10, latitude_deg: 52.5, longitude_deg: 13.4, tilt_deg: 30}]\n"


def test_who_metered_the_load_before_metered_the_sun_too(tmp_path: Path) -> None:
    load, start = write(tmp_path / "load.csv", "load_kw"), date(2020, 6, 15)
    site = tmp_path / "sunny.yaml"
    site.write_text(SITE + SUN, encoding="utf-8")
    scenario, past = make_scenario(load_site(site), Files(load=load, start=start), days=1, seed=1, v2g_share=0.5)
    slot = seconds(scenario.start) // SLOT_S
    before = past.pv.window(slot, (HISTORY_DAYS + 1) * SLOTS_PER_DAY).reshape(-1, SLOTS_PER_DAY)
    assert np.isfinite(before).all(axis=1).tolist() == [False] + [True] * HISTORY_DAYS
    assert (before[1:].max(axis=1) > 1.0).all()
    assert np.isnan(past.pv.window(slot + SLOTS_PER_DAY, SLOTS_PER_DAY)).all()
    _, nothing = make_scenario(load_site(site), Files(start=start), days=1, seed=1, v2g_share=0.5)
    assert np.isnan(nothing.pv.window(slot, SLOTS_PER_DAY)).all()


@pytest.mark.parametrize("start", [date.min, date(1989, 12, 31), date(2101, 1, 1), date.max])
def test_a_start_beyond_any_calendar_is_refused(tmp_path: Path, start: date) -> None:
    with pytest.raises(InputError, match=rf"--start: .*{start}.*from 1990 to 2100"):
        made(tmp_path, Files(start=start))


def test_days_without_end_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--days"):
        made(tmp_path, Files(), days=10**9)


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("start", [date(2026, 6, day) for day in range(15, 22)])
def test_a_load_of_few_hours_is_refused_on_any_weekday(tmp_path: Path, rows: int, start: date) -> None:
    load = tmp_path / "load.csv"
    load.write_text("timestamp,load_kw\n" + "".join(f"2026-01-05T0{h}:00:00Z,5\n" for h in range(rows)), encoding="utf-8")
    with pytest.raises(SeriesError, match=r"load\.csv: nothing in the file can fill its gaps"):
        made(tmp_path, Files(load=load, start=start), days=1)


@pytest.mark.parametrize("start", [None, *(date(2026, 6, day) for day in range(15, 22))])
def test_a_file_of_one_session_is_no_fault_on_any_weekday(tmp_path: Path, start: date | None) -> None:
    sessions = tmp_path / "sessions.csv"
    sessions.write_text("plug_in,plug_out,energy_kwh\n2026-01-09T08:00:00Z,2026-01-09T17:00:00Z,9\n", encoding="utf-8")
    scenario, _ = made(tmp_path, Files(sessions=sessions, start=start), days=1)
    assert len(scenario.visits) == (start == date(2026, 6, 19))
    assert f"{len(scenario.visits)} sessions" in scenario.notes[0]
