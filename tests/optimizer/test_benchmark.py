import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "solve.py"


def test_the_benchmark_ends_with_one_json_object() -> None:
    run = subprocess.run(
        [sys.executable, str(SCRIPT), "--sizes", "3", "--repeats", "1", "--json"], capture_output=True, text=True, check=True
    )
    figures = json.loads(run.stdout.splitlines()[-1])["sizes"]["3"]
    assert figures["cold_over_bare_highs"] == figures["cold_s"] / figures["bare_highs_s"]
    assert figures["warm_s"] > 0
