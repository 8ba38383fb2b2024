"""`v2g portfolio`: what it prints and writes, and what it refuses with place and mend."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from config.portfolio.file import load_portfolio
from daemon import app
from v2g.errors import SiteError

EXAMPLE = Path(__file__).parents[3] / "examples" / "portfolio"


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["portfolio", *arguments])
    return result.exit_code, result.stdout, " ".join(result.stderr.split())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLE, tmp_path / "portfolio"))


def changed(folder: Path, old: str, new: str) -> str:
    path = folder / "portfolio.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    return str(path)


def test_the_example_is_planned_told_and_written(tmp_path: Path) -> None:
    out = tmp_path / "plans" / "today"
    code, printed, _ = run(str(EXAMPLE / "portfolio.yaml"), "--workers", "0", "--out", str(out), "--json")
    assert code == 0
    report: dict[str, Any] = json.loads(printed.splitlines()[-1])
    assert 0 <= report["gap_frac"] <= 1e-3
    powers = np.array([site["power_kw"] for site in report["sites"]])
    assert powers.sum(axis=0) == pytest.approx(np.array(report["power_kw"]), abs=1e-3)
    assert powers.sum(axis=0).max() <= 115 + 1e-3
    assert powers.sum(axis=0).min() >= -50 - 1e-3
    assert max(report["price_per_kwh"]["feeder-12"]) > 0
    assert {t["name"]: t["value"] for t in report["terms"]}["event_payment"] == pytest.approx(-16, abs=0.1)
    assert [site["id"] for site in report["sites"]] == ["hospital", "depot", "apartments"]
    for site in report["sites"]:
        written = json.loads((out / f"{site['id']}.json").read_text(encoding="utf-8"))
        net = np.array(written["site"]["import_kw"]) - np.array(written["site"]["export_kw"])
        assert net == pytest.approx(np.array(site["power_kw"]), abs=1e-3)
        assert written["rung"] == "optimal"


def test_people_see_sites_terms_and_prices() -> None:
    code, printed, _ = run(str(EXAMPLE / "portfolio.yaml"), "--workers", "0")
    assert code == 0
    for word in ("gap_frac", "hospit", "event_payment", "feeder-12"):
        assert word in printed


def test_what_cannot_be_used_is_told_with_place_and_mend(folder: Path, tmp_path: Path) -> None:
    path = changed(folder, "problem: depot.json", "problem: depo.json")
    code, _, err = run(path, "--workers", "0")
    assert code == 2
    assert "depo.json: cannot be read" in err
    assert "give the path of a problem file" in err
    path = changed(folder, "depo.json", "depot.json, circuit: feeder-13")
    code, _, err = run(path)
    assert code == 2
    assert "portfolio.yaml:16 sites[1].circuit: there is no circuit 'feeder-13' (one of feeder-12)" in err
    changed(folder, ", circuit: feeder-13", "")
    depot = json.loads((folder / "depot.json").read_text(encoding="utf-8"))
    depot["grid"]["start"] = "2026-01-05T17:00:00Z"
    (folder / "depot.json").write_text(json.dumps(depot), encoding="utf-8")
    code, _, err = run(path, "--workers", "0")
    assert code == 2
    assert "sites[depot].grid: the site's steps are not those of the portfolio's first site" in err
    assert "start at 2026-01-05T16:00:00+00:00" in err
    (tmp_path / "file").write_text("", encoding="utf-8")
    code, _, err = run(path, "--workers", "0", "--out", str(tmp_path / "file"))
    assert code == 2
    assert "give --out a folder" in err


def test_no_cluster_at_the_address_is_told() -> None:
    code, _, err = run(str(EXAMPLE / "portfolio.yaml"), "--scheduler", "nonsense://x")
    assert code == 2
    assert "no cluster answers at nonsense://x" in err
    assert "tcp://HOST:PORT" in err


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("id: depot,", "id: hospital,", "there are two sites 'hospital'"),
        ("id: depot,", "id: ../depot,", "sites[1].id"),
        ("direction: above", "direction: beside", "events[0].direction"),
        ("cover: [0,", "cover: [0, 0,", "cover"),
        ("import_limit_kw: 115", "import_limit_kw: -1", "circuits[0].import_limit_kw"),
    ],
)
def test_a_file_that_is_wrong_is_refused(folder: Path, old: str, new: str, message: str) -> None:
    code, _, err = run(changed(folder, old, new), "--workers", "0")
    assert code == 2
    assert message in err


def test_without_more_a_portfolio_is_one_free_circuit(folder: Path) -> None:
    path = folder / "small.yaml"
    path.write_text("sites:\n  - {id: hospital, problem: hospital.json}\n", encoding="utf-8")
    loaded = load_portfolio(path)
    assert loaded.portfolio.common.circuits.circuit_ids == ("portfolio",)
    assert loaded.portfolio.sites[0].circuit_id == "portfolio"
    path.write_text("sites: []\n", encoding="utf-8")
    with pytest.raises(SiteError, match=r"small\.yaml:1 sites"):
        load_portfolio(path)
