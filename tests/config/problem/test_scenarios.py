"""Scenarios in problem files: they survive a round trip, and `v2g solve` plans for all of them."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from typer.testing import CliRunner

from config.problem.file import dump_problem, load_problem, problem_schema, read_problem
from daemon import app
from tests.config.problem.test_file import assert_same
from tests.optimizer.instances import small
from v2g.converters import DischargeCaps
from v2g.errors import ProblemError
from v2g.problem import Problem
from v2g.scenarios import Scenario

STATION = Path(__file__).parents[3] / "examples" / "station.json"


def with_alternatives(problem: Problem) -> Problem:
    """Return the problem with three scenarios: all as expected, other money and circuits, other storages and caps."""
    c, s, money = problem.circuits, problem.storages, problem.connection
    expected = Scenario(probability=0.2, storages=s, circuits=c, connection=money)
    dear = replace(money, import_price_per_kwh=money.import_price_per_kwh + 0.1, contract=None, carbon=None)
    caps = DischargeCaps(window=np.ones((1, problem.shape[1])), most_kwh=np.full((problem.shape[0], 1), 3.0))
    others = (
        expected,
        replace(expected, connection=dear, circuits=replace(c, fixed_kw=c.fixed_kw + 1.5)),
        replace(expected, storages=replace(s, drain_kwh=s.drain_kwh + 0.25, caps=None if s.caps is not None else caps)),
    )
    return replace(problem, scenarios=others)


@pytest.mark.parametrize("problem", [load_problem(STATION), *map(small, range(5))])
def test_scenarios_survive_a_round_trip_and_fit_the_schema(problem: Problem) -> None:
    problem = with_alternatives(problem)
    content = json.loads(json.dumps(dump_problem(problem), allow_nan=False))
    jsonschema.validate(content, problem_schema())
    assert_same(problem, read_problem(content))
    assert [scenario.keys() for scenario in content["scenarios"]] == [
        {"probability"},
        {"probability", "connection", "circuits"},
        {"probability", "storages", "caps"},
    ]


def two_prices(later: float, *scenarios: dict[str, Any]) -> dict[str, Any]:
    """Return a problem of 4.75 kWh to be charged now at 0.30, or an hour later."""
    car = {"id": "car", "charge_max_kw": 11, "initial_energy_kwh": 20, "energy_max_kwh": 60, "target_energy_kwh": 24.75}
    return {
        "grid": {"start": "2026-01-05T18:00:00Z", "step_h": 1, "n_steps": 2},
        "connection": {"import_price_per_kwh": [0.3, later]},
        "storages": [car],
        "scenarios": list(scenarios),
    }


@pytest.mark.parametrize(("probability", "now_kw"), [(None, 0.0), (0.1, 0.0), (0.5, 5.0)])
def test_solve_waits_for_a_lower_price_unless_a_higher_one_is_likely_enough(
    probability: float | None, now_kw: float, tmp_path: Path
) -> None:
    dear = {"probability": probability, "connection": {"import_price_per_kwh": [0.3, 0.6]}}
    path = tmp_path / "problem.json"
    path.write_text(json.dumps(two_prices(0.2, *([dear] if probability else []))), encoding="utf-8")
    result = CliRunner().invoke(app, ["solve", str(path), "--json"])
    answer = json.loads(result.stdout.splitlines()[-1])
    assert answer["rung"] == "optimal"
    assert answer["storages"][0]["power_kw"] == pytest.approx([now_kw, 5.0 - now_kw], abs=1e-5)


@pytest.mark.parametrize("each", [0.5, 0.6])
def test_something_must_be_left_for_the_problem_itself(each: float) -> None:
    with pytest.raises(ProblemError, match="nothing is left"):
        read_problem(two_prices(0.2, {"probability": each}, {"probability": each}))
