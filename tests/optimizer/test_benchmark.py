import json
import subprocess
import sys
from pathlib import Path
from typing import Any

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def figures_of(script: str, *arguments: str) -> dict[str, Any]:
    run = subprocess.run(
        [sys.executable, str(BENCHMARKS / script), *arguments, "--json"], capture_output=True, text=True, check=True
    )
    figures: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return figures


def test_the_solve_benchmark_ends_with_one_json_object() -> None:
    figures = figures_of("solve.py", "--sizes", "3", "--repeats", "1")["sizes"]["3"]
    assert figures["cold_over_bare_highs"] == figures["cold_s"] / figures["bare_highs_s"]
    assert figures["warm_s"] > 0


def test_the_benchmark_of_the_steady_step_tells_both_ratios_by_size() -> None:
    figures = figures_of("optimizer.py", "--sizes", "3,5", "--repeats", "4")
    assert set(figures["exact_over_bare_highs"]) == set(figures["exact_over_warm_highs"]) == {"3", "5"}
    five = figures["sizes"]["5"]
    assert five["exact_over_bare_highs"] == five["exact_s"] / five["bare_highs_s"]
    assert figures["exact_over_warm_highs"]["5"] == five["exact_s"] / five["bare_highs_warm_s"]


def test_setpoints_change_less_with_the_stability_terms_at_hardly_any_cost() -> None:
    figures = figures_of("stability.py", "--ticks", "40", "--seeds", "0")
    assert figures["ratio"] == figures["changes_with"] / figures["changes_without"]
    assert figures["ratio"] <= 1 / 3
    assert figures["cost_ratio"] <= 1.005


SITE = """
id: small
time_zone: Europe/Berlin
currency: EUR
grid: {import_limit_kw: 40}
chargers: [{id: CP, count: 3, protocol: mqtt, charge_max_kw: 11}]
load: {base_kw: 5, peak_kw: 35}
tariff: {base_price_per_kwh: 0.3, demand_charge_per_kw: 5}
rules: {lease_s: 7200}
horizon: {tick_s: 3600, fast_s: 3600, n_fine: 8, n_coarse: 8}
mqtt: {host: 127.0.0.1}
"""


def test_planning_for_several_courses_is_compared_on_the_same_days(tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    site.write_text(SITE)
    figures = figures_of("scenarios.py", "--site", str(site), "--days", "1", "--courses", "1,3")
    one, three = (figures["courses"][n] for n in ("1", "3"))
    assert one["solves"] == three["solves"] >= 24
    assert three["delivered_share"] >= 0.95 * one["delivered_share"] > 0
    assert three["solve_s_median"] > 0
