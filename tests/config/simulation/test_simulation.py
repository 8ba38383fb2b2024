"""The closed loop: real tick, real optimiser, the farm in process."""

import csv
import json
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import structlog
from typer.testing import CliRunner

from config.simulation.scenarios import Files, make_scenario
from config.simulation.simulation import Policy, simulate
from config.site.load import load_site
from daemon import app
from v2g.errors import SeriesError
from v2g.signals import SignalKind

SITE = """\
id: small
time_zone: Europe/Berlin
currency: EUR
grid: {import_limit_kw: 30, export_limit_kw: 15}
circuits: [{id: hall, phase_limit_a: 40}]
chargers:
  - {id: CP, count: 6, protocol: mqtt, circuit: hall, charge_max_kw: 11, discharge_max_kw: 11}
load: {base_kw: 3, peak_kw: 14}
tariff: {base_price_per_kwh: 0.40, export_share: 0.95, periods: [{start_h: 11, end_h: 15, price_per_kwh: 0.05}]}
rules: {lease_s: 3600}
horizon: {tick_s: 900, fast_s: 300}
mqtt: {host: 127.0.0.1}
"""


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    yield
    structlog.reset_defaults()


@cache
def site_path(folder: Path) -> Path:
    path = folder / "site.yaml"
    path.write_text(SITE, encoding="utf-8")
    return path


async def figures(folder: Path, policy: Policy, *, seed: int = 3) -> dict[str, Any]:
    scenario, past = make_scenario(load_site(site_path(folder)), Files(), days=1, seed=seed, v2g_share=1.0)
    return (await simulate(scenario, past, policy)).figures


async def test_ordered_is_cheaper_than_uncontrolled_and_v2g_cheaper_still_and_no_limit_is_broken(tmp_path: Path) -> None:
    uncontrolled, ordered, v2g = [await figures(tmp_path, policy) for policy in Policy]
    assert v2g["cost"] < ordered["cost"] < uncontrolled["cost"]
    assert v2g["energy_discharged_kwh"] > 1.0
    assert ordered["energy_discharged_kwh"] == 0.0
    for run in (ordered, v2g):
        assert run["limit_violation_s"] == 0.0
        assert run["max_import_kw"] <= 30.0
        assert run["unconsented_kwh"] == run["floor_breaches"] == 0
        assert run["drivers_met_share"] >= run["promised_probability"] == 0.9
        assert run["net_delivered_of_uncontrolled"] > 0.99
        assert set(run["rungs"]) == {"optimal"}


async def test_the_same_seed_gives_the_same_figures(tmp_path: Path) -> None:
    runs = [await figures(tmp_path, Policy.V2G) for _ in range(2)]
    for run in runs:
        del run["wall_s"], run["solve_s_per_tick"]
    assert runs[0] == runs[1]
    assert (await figures(tmp_path, Policy.V2G, seed=4))["cost"] != runs[0]["cost"]


def write_prices(path: Path) -> Path:
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["timestamp", "price_per_kwh"])
        rows.writerows(
            [f"2023-06-{day:02}T{hour:02}:00:00Z", f"{0.1 + hour / 100:.2f}"] for day in range(1, 30) for hour in range(24)
        )
    return path


def test_day_ahead_prices_are_not_known_before_they_are_published(tmp_path: Path) -> None:
    files = Files(prices=write_prices(tmp_path / "prices.csv"), start=date(2026, 6, 15))
    scenario, _ = make_scenario(load_site(site_path(tmp_path)), files, days=3, seed=1, v2g_share=0.0)
    assert len(scenario.signals) == 3
    for signal in scenario.signals:
        assert signal.kind is SignalKind.PRICE
        assert signal.intervals[0].start - signal.issued_at == timedelta(hours=11)
    assert "2023-06-12" in scenario.notes[2]
    assert "2026-06-15" in scenario.notes[2]


def test_a_missing_series_is_an_error_in_words(tmp_path: Path) -> None:
    with pytest.raises(SeriesError, match="no such file"):
        make_scenario(load_site(site_path(tmp_path)), Files(load=tmp_path / "none.csv"), days=1, seed=1, v2g_share=0.0)


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.stdout, result.stderr


def test_simulate_prints_one_json_object_last_and_writes_its_report(tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    code, out, err = run("simulate", str(site_path(tmp_path)), "--days", "1", "--report", str(report), "--json")
    assert code == 0
    printed = json.loads(out.splitlines()[-1])
    assert printed["policy"] == "v2g"
    assert "made up" in err
    page = report.read_text(encoding="utf-8")
    assert f"{printed['cost']:,.2f}" in page
    assert "<script src" not in page


def test_check_solve_and_schema_answer_and_refuse_in_words(tmp_path: Path) -> None:
    assert run("check", str(site_path(tmp_path)))[0] == 0
    broken = tmp_path / "broken.yaml"
    broken.write_text(SITE.replace("30", "much"), encoding="utf-8")
    code, _, err = run("check", str(broken))
    assert code == 2
    assert "broken.yaml:4 grid.import_limit_kw" in err
    code, out, _ = run("solve", "examples/problem.json", "--json")
    assert code == 0
    assert json.loads(out.splitlines()[-1])["rung"] == "optimal"
    code, _, err = run("solve", str(broken))
    assert code == 2
    assert "broken.yaml" in err
    assert "storages" in json.loads(run("schema", "problem")[1])["properties"]
    assert "setpoint" in json.loads(run("schema", "mqtt")[1])["$defs"]
    assert run("schema", "poem")[0] == 2
