"""The optional parts of a problem file: hardware and commitments; the station that has them all."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from config.problem.file import dump_problem, load_problem, problem_schema, read_problem
from optimizer.exact import ExactPlanner
from optimizer.report import solution_report
from tests.config.problem.test_file import BETWEEN_FIELDS, EDGES, assert_same, minimal
from v2g.errors import ProblemError
from v2g.solution import Rung, Tier

STATION = Path(__file__).parents[3] / "examples" / "station.json"
T = 4


def test_the_station_solves_and_meets_what_it_owes() -> None:
    problem = load_problem(STATION)
    solution = ExactPlanner().solve_now(problem)
    terms = {t.name: t.value for t in solution.terms}
    assert solution.rung is Rung.OPTIMAL
    assert solution.value_of(Tier.VIOLATION) == pytest.approx(0.0, abs=1e-6)
    assert terms["unmet_target"] == pytest.approx(0.0, abs=1e-6)
    assert terms["event_payment"] < 0.0
    assert terms["event_fine"] == pytest.approx(0.0, abs=1e-6)
    assert terms["reserve_missing"] == pytest.approx(0.0, abs=1e-6)
    assert solution.reserve is not None
    [reserve] = json.loads(json.dumps(solution_report(problem, solution), allow_nan=False))["reserves"]
    assert reserve == {
        "id": "noon-block",
        "held_kw": pytest.approx(float(solution.reserve.held_kw[0]), abs=1e-5),
        "committed_kw": 20.0,
    }


def test_the_station_survives_a_round_trip_and_fits_the_schema() -> None:
    problem = load_problem(STATION)
    jsonschema.validate(json.loads(STATION.read_text(encoding="utf-8")), problem_schema())
    assert_same(problem, read_problem(json.loads(json.dumps(dump_problem(problem)))))


def test_what_is_not_said_is_not_there() -> None:
    problem = read_problem(minimal())
    s, money = problem.storages, problem.connection
    assert (s.converters, s.ageing, s.caps, problem.circuits.module_kw) == (None,) * 4
    assert (money.contract, money.carbon, money.dispatch) == (None,) * 3
    assert (problem.events, problem.reserves) == ((), ())


def test_a_storage_that_says_nothing_beside_one_that_does_is_ideal() -> None:
    content = minimal()
    content["storages"].append({**content["storages"][0], "id": "other", "converter": {"rest_h": 1}})
    content["storages"].append({**content["storages"][0], "id": "aged", "ageing": {"depth_kwh": [5], "depth_price_per_kwh": [0.1]}})
    s = read_problem(content).storages
    assert s.converters is not None
    assert s.ageing is not None
    assert s.converters.rest_h.tolist() == [0, 1, 0]
    assert np.isinf(s.converters.ramp_kw_per_h).all()
    assert np.isnan(s.converters.in_force_kw).all()
    assert s.ageing.depth_kwh.tolist() == [[0], [0], [5]]


def test_a_cap_binds_whom_it_names() -> None:
    content = {**minimal(), "caps": [{"most_kwh": {"car": 3}}, {"window": [0, 1, 1, 0], "most_kwh": {}}]}
    caps = read_problem(content).storages.caps
    assert caps is not None
    assert caps.most_kwh.tolist() == [[3, np.inf]]
    assert caps.window.tolist() == [[1, 1, 1, 1], [0, 1, 1, 0]]


PARTS: dict[str, dict[str, Any]] = {
    "ConverterFile": {},
    "AgeingFile": {},
    "CapFile": {"most_kwh": {"car": 1}},
    "ContractFile": {"contracted_kw": 10},
    "CarbonFile": {"intensity_kg_per_kwh": 0.3, "price_per_kg": 0.1},
    "DispatchFile": {"follow_kw": 5, "price_per_kwh": 0.1},
    "EventFile": {"id": "e", "cover": 1, "baseline_kw": 5, "committed_kw": 3},
    "ReserveFile": {"id": "r", "cover": 1},
    "ScenarioFile": {"probability": 0.5},
}


def with_part(kind: str, part: dict[str, Any]) -> dict[str, Any]:
    content = minimal()
    name = kind.removesuffix("File").lower()
    if name in {"contract", "carbon", "dispatch"}:
        content["connection"][name] = part
    elif name in {"converter", "ageing"}:
        content["storages"][0][name] = part
    else:
        content[f"{name}s"] = [part]
    return content


@pytest.mark.parametrize(
    ("kind", "field"), [(kind, field) for kind in PARTS for field in problem_schema()["$defs"][kind]["properties"]]
)
def test_what_the_schema_accepts_the_loader_accepts_and_the_other_way_round(kind: str, field: str) -> None:
    schema = jsonschema.Draft202012Validator(problem_schema())
    for value in EDGES:
        content = with_part(kind, {**PARTS[kind], field: value})
        refused = _refused(content)
        between = refused is not None and any(words in refused.message for words in BETWEEN_FIELDS)
        assert between or schema.is_valid(content) == (refused is None), (content, refused)


def _refused(content: dict[str, Any]) -> ProblemError | None:
    try:
        read_problem(content)
    except ProblemError as error:
        return error
    return None


@pytest.mark.parametrize(
    ("kind", "changes", "place"),
    [
        ("ConverterFile", {"knee_loss_frac": 1}, "storages[0].converter.knee_loss_frac"),
        ("ConverterFile", {"ramp_kw_per_h": 0}, "storages[0].converter.ramp_kw_per_h"),
        ("ConverterFile", {"colour": 1}, "storages[0].converter.colour"),
        ("ConverterFile", {"taper_full_kwh": 50}, "storages[0].converter.taper_per_h"),
        ("ConverterFile", {"taper_per_h": 2}, "storages[0].converter.taper_full_kwh"),
        ("ConverterFile", {"power_step_kw": 12}, "storages[0].converter.power_step_kw"),
        ("AgeingFile", {"depth_kwh": [1, 2], "depth_price_per_kwh": [1]}, "storages[0].ageing.depth_price_per_kwh"),
        ("AgeingFile", {"depth_kwh": [1, 2], "depth_price_per_kwh": [2, 1]}, "storages[car].ageing.depth_price_per_kwh"),
        ("CapFile", {"most_kwh": {"boat": 1}}, "caps[0].most_kwh"),
        ("CapFile", {"most_kwh": {"car": -1}}, "caps[0].most_kwh.car"),
        ("CapFile", {"window": [1, 1]}, "caps[0].window"),
        ("ContractFile", {"max_blocks": 1.5}, "connection.contract.max_blocks"),
        ("CarbonFile", {"intensity_kg_per_kwh": [1, 2]}, "connection.carbon.intensity_kg_per_kwh"),
        ("DispatchFile", {"price_per_kwh": -1}, "connection.dispatch.price_per_kwh"),
        ("DispatchFile", {"follow_kw": [1, None, 2]}, "connection.dispatch.follow_kw"),
        ("EventFile", {"direction": 1}, "events[0].direction"),
        ("EventFile", {"cover": 1.5}, "events[0].cover[0]"),
        ("EventFile", {"baseline_kw": [1, 2]}, "events[0].baseline_kw"),
        ("ReserveFile", {"direction": "sideways"}, "reserves[0].direction"),
        ("ReserveFile", {"cover": [1, 1, 1]}, "reserves[0].cover"),
        ("ScenarioFile", {"probability": 1}, "scenarios[0].probability"),
        ("ScenarioFile", {"storages": []}, "scenarios[0].storages"),
        ("ScenarioFile", {"connection": {"import_price_per_kwh": [1, 2]}}, "scenarios[0].connection.import_price_per_kwh"),
        ("ScenarioFile", {"circuits": [{"id": "a", "parent": "b"}]}, "scenarios[0].circuits[0].parent"),
        ("ScenarioFile", {"caps": [{"most_kwh": {"boat": 1}}]}, "scenarios[0].caps[0].most_kwh"),
    ],
)
def test_a_wrong_part_is_refused_by_place(kind: str, changes: dict[str, Any], place: str) -> None:
    with pytest.raises(ProblemError) as caught:
        read_problem(with_part(kind, {**PARTS[kind], **changes}))
    assert caught.value.place == place
    assert caught.value.message


@pytest.mark.parametrize("kind", ["EventFile", "ReserveFile"])
def test_a_name_counts_once(kind: str) -> None:
    content = with_part(kind, PARTS[kind])
    calls = f"{kind.removesuffix('File').lower()}s"
    content[calls] *= 2
    with pytest.raises(ProblemError, match="share a name"):
        read_problem(content)
