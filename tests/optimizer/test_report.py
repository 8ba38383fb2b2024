import json

import pytest

from optimizer.exact import ExactPlanner
from optimizer.report import solution_report
from tests.optimizer.instances import fleet
from v2g.solution import Tier


def test_a_report_is_strict_json_and_holds_the_plan() -> None:
    problem = fleet(3, 8)
    solution = ExactPlanner().solve_now(problem)
    report = json.loads(json.dumps(solution_report(problem, solution), allow_nan=False))
    assert report["rung"] == "optimal"
    assert report["objective"]["money"] == pytest.approx(solution.value_of(Tier.MONEY), abs=1e-5)
    assert sum(t["value"] for t in report["terms"] if t["tier"] == "money") == pytest.approx(report["objective"]["money"], abs=1e-5)
    assert [s["id"] for s in report["storages"]] == list(problem.storages.unit_ids)
    assert report["storages"][1]["power_kw"] == pytest.approx(solution.power_kw[1].tolist(), abs=1e-5)
    assert report["site"]["import_kw"] == pytest.approx(solution.import_kw.tolist(), abs=1e-5)
    assert len(report["starts"]) == 8
    assert report["times_s"]["total"] > 0
