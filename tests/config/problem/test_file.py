"""Problem files: what people write, what is written back, and what is refused."""

import json
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields, is_dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from config.problem.file import dump_problem, load_problem, problem_schema, read_problem
from optimizer.exact import ExactPlanner
from tests.optimizer.instances import mixed, mixed_site, small
from v2g.errors import ProblemError
from v2g.problem import Problem
from v2g.solution import Rung, Tier

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "examples" / "problem.json"
DOC = ROOT / "docs" / "problem.md"


def assert_same(one: Any, other: Any, place: str = "") -> None:
    assert type(one) is type(other), place
    if is_dataclass(one):
        for field in fields(one):
            assert_same(getattr(one, field.name), getattr(other, field.name), f"{place}.{field.name}")
    elif isinstance(one, tuple):
        assert len(one) == len(other), place
        for i, (mine, theirs) in enumerate(zip(one, other, strict=True)):
            assert_same(mine, theirs, f"{place}[{i}]")
    elif isinstance(one, np.ndarray):
        assert np.array_equal(one, other, equal_nan=one.dtype.kind == "f"), place
    else:
        assert one == other, place


def minimal(**changes: Any) -> dict[str, Any]:
    car = {"id": "car", "charge_max_kw": 11, "initial_energy_kwh": 20, "energy_max_kwh": 60}
    return {
        "grid": {"start": "2026-01-05T18:00:00Z", "step_h": 1, "n_steps": 4},
        "connection": {"import_price_per_kwh": 0.3},
        "storages": [{**car, **changes}],
    }


def test_the_example_solves_and_nobody_is_stranded() -> None:
    problem = load_problem(EXAMPLE)
    solution = ExactPlanner().solve_now(problem)
    assert solution.rung is Rung.OPTIMAL
    assert solution.value_of(Tier.SERVICE) == 0.0
    assert solution.value_of(Tier.VIOLATION) == 0.0
    assert solution.discharge_kw.any()
    assert len(problem.storages.unit_ids) == 6


def test_the_documented_example_does_what_the_page_says(tmp_path: Path) -> None:
    [text] = re.findall(r"```json\n(.*?)```", DOC.read_text(encoding="utf-8"), flags=re.DOTALL)
    (tmp_path / "p.json").write_text(text, encoding="utf-8")
    problem = load_problem(tmp_path / "p.json")
    assert ExactPlanner().solve_now(problem).power_kw[0] == pytest.approx([0, 0, 11, 18 / 0.95 - 11])


def test_the_page_names_every_field() -> None:
    text = DOC.read_text(encoding="utf-8")
    schema = problem_schema()
    names = [name for kind in schema["$defs"].values() for name in kind["properties"]] + list(schema["properties"])
    assert [name for name in names if f"`{name}`" not in text] == []


def test_the_schema_fits_the_example_and_every_dump() -> None:
    schema = problem_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(EXAMPLE.read_text(encoding="utf-8")), schema)
    for seed in range(20):
        for problem in (small(seed), mixed(seed), mixed_site(seed))[: 3 if seed % 4 == 0 else 1]:
            jsonschema.validate(json.loads(json.dumps(dump_problem(problem), allow_nan=False)), schema)
    for kind in schema["$defs"].values():
        assert all("description" in field or name in {"id", "kind"} for name, field in kind["properties"].items())


EDGES: list[Any] = [None, True, -1, 0, 1, 4, 4.0, 0.5, 1e9, -1e9, 1.1e9, 1e300, 1e-5, 1e4, 10**30, "", "x", "y" * 65, [], {}]
EDGES += [[1, 2], [0.2, 0.3, 0.5], [1, 1, 1], [0, 0, 0, 0], [None], [1e300] * 4, ["x"], [1, None, 3], [2.0], [True] * 4]
EDGES += ["0001-01-01T00:00:00+05:00", "9999-12-31T23:00:00Z", "2026-01-05T20:00:00Z", "2026-01-05T20:00", "1970-01-01T00:00Z"]
EDGES += ["2199-12-31T23:59:59.123456-23:59", "2026-13-01T00:00:00Z", "2026-01-05T24:00:00Z"]
BETWEEN_FIELDS = (
    "there are",  # a list's length is the number of steps
    "n_steps stands beside",
    "sum to",
    "a minimum is above its maximum",
    "a step is outside the grid",
    "there is no circuit",
    "cannot feed",
    "the steps last",
    "there is no storage",
    "a deeper segment is cheaper",
    "share a name",
    "above the most",
    "half a taper",
    "above all its powers",
    "more than the circuit may import",
    "arrives after it departs",
    "the storages are others",  # a scenario's are the problem's and more
)
"""What a schema cannot say."""


KINDS = {"grid": "GridFile", "connection": "ConnectionFile", "circuits": "CircuitFile", "storages": "StorageFile"}
FIELDS = [(part, field) for part, kind in KINDS.items() for field in problem_schema()["$defs"][kind]["properties"]]


def changed(part: str, field: str, value: Any) -> dict[str, Any]:
    content = {"circuits": [{"id": "grid"}], **minimal()}
    (content[part][0] if isinstance(content[part], list) else content[part])[field] = value
    return content


@pytest.mark.parametrize(("part", "field"), FIELDS)
def test_what_the_schema_accepts_the_loader_accepts_but_for_what_ties_fields_together(part: str, field: str) -> None:
    schema = jsonschema.Draft202012Validator(problem_schema())
    for content in (changed(part, field, value) for value in EDGES):
        if schema.is_valid(content):
            assert _refusal(content) is None, content


def _refusal(content: dict[str, Any]) -> str | None:
    try:
        read_problem(content)
    except ProblemError as error:
        return None if any(words in error.message for words in BETWEEN_FIELDS) else str(error)
    return None


@pytest.mark.parametrize(
    ("part", "field", "value"),
    [
        ("storages", "charge_max_kw", 1e300),
        ("storages", "energy_max_kwh", [1, 1, 1, 1.1e9]),
        ("storages", "drain_kwh", []),
        ("storages", "target_step", 10**30),
        ("storages", "depart", 10**30),
        ("storages", "arrive", "0001-01-01T00:00:00+05:00"),
        ("storages", "departure_probability", 1.5),
        ("circuits", "import_limit_kw", 1e300),
        ("circuits", "phase_limit_kw", [1, 2]),
        ("connection", "import_price_per_kwh", -1e300),
        ("grid", "step_h", 1e5),
        ("grid", "start", "9999-12-31T23:00:00Z"),
    ],
)
def test_the_schema_refuses_what_the_loader_refuses(part: str, field: str, value: Any) -> None:
    content = changed(part, field, value)
    assert not jsonschema.Draft202012Validator(problem_schema()).is_valid(content)
    with pytest.raises(ProblemError):
        read_problem(content)


def test_a_whole_number_may_be_written_with_a_point() -> None:
    problem = read_problem(minimal(arrive=1.0, depart=3.0, target_step=2.0, phases=[2.0]))
    assert problem.storages.charge_max_kw[0].tolist() == [0, 11, 11, 0]
    assert problem.storages.target_step.tolist() == [2]
    assert problem.storages.phase_share.tolist() == [[0, 1, 0]]


@given(st.integers(0, 10_000), st.sampled_from([small, mixed, mixed_site]))
def test_what_is_dumped_is_read_back_equal(seed: int, make: Callable[[int], Problem]) -> None:
    problem = make(seed)
    assume(problem.storages.n_units > 0 or make is not mixed)  # what nobody has is not written
    assert_same(problem, read_problem(json.loads(json.dumps(dump_problem(problem)))))


def test_the_example_survives_a_round_trip() -> None:
    problem = load_problem(EXAMPLE)
    assert_same(problem, read_problem(dump_problem(problem)))


def test_numbers_spread_over_the_steps_and_absence_is_no_power() -> None:
    problem = read_problem(minimal(arrive=1, depart="2026-01-05T21:30:00+00:00", target_energy_kwh=30))
    assert problem.storages.charge_max_kw[0].tolist() == [0, 11, 11, 0]
    assert problem.storages.target_step.tolist() == [3]
    assert problem.storages.energy_max_kwh[0].tolist() == [60] * 4
    assert problem.circuits.circuit_ids == ("grid",)
    assert np.isinf(problem.circuits.import_limit_kw).all()


def test_an_arrival_within_a_step_counts_from_the_next_one() -> None:
    start = read_problem(minimal()).grid.start
    problem = read_problem(minimal(arrive=(start + timedelta(minutes=61)).isoformat()))
    assert problem.storages.charge_max_kw[0].tolist() == [0, 0, 11, 11]


def test_phases_are_shared_evenly() -> None:
    assert read_problem(minimal(phases=[1, 3])).storages.phase_share.tolist() == [[0.5, 0, 0.5]]
    assert read_problem(minimal(phase_share=[0.2, 0.3, 0.5])).storages.phase_share.tolist() == [[0.2, 0.3, 0.5]]


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"colour": "red"}, "storages[0].colour"),
        ({"charge_max_kw": -1}, "storages[0].charge_max_kw[0]"),
        ({"charge_max_kw": "11"}, "storages[0].charge_max_kw[0]"),
        ({"charge_max_kw": [1, 2, 3]}, "storages[0].charge_max_kw"),
        ({"charge_max_kw": True}, "storages[0].charge_max_kw[0]"),
        ({"energy_max_kwh": [1, 2, 3, float("inf")]}, "storages[0].energy_max_kwh[3]"),
        ({"initial_energy_kwh": 1e300}, "storages[0].initial_energy_kwh"),
        ({"depart": "tomorrow"}, "storages[0].depart"),
        ({"depart": "2026-01-05T21:30:00"}, "storages[0].depart"),
        ({"depart": -1}, "storages[0].depart"),
        ({"arrive": 1.5}, "storages[0].arrive"),
        ({"kind": "boat"}, "storages[0].kind"),
        ({"circuit": "cellar"}, "storages[car].circuit_id"),
        ({"phases": []}, "storages[0].phases"),
        ({"charge_efficiency": 0}, "storages[0].charge_efficiency"),
        ({"energy_min_kwh": 70}, "storages[car].energy_min_kwh"),
        ({"target_step": 9}, "storages[car].target_step"),
        ({"arrive": 3, "depart": 2}, "storages[0].arrive"),
        ({"arrive": "2026-01-05T21:00:00Z", "depart": 2}, "storages[0].arrive"),
        ({"charge_min_kw": 12}, "storages[0].charge_min_kw"),
        ({"charge_max_kw": [0, 11, 6, 0], "charge_min_kw": 11.1}, "storages[0].charge_min_kw"),
        ({"discharge_max_kw": 5, "discharge_min_kw": 6}, "storages[0].discharge_min_kw"),
        ({"departure_probability": 0.5}, "storages[car].departure_probability"),
    ],
)
def test_a_wrong_storage_is_refused_by_place(changes: dict[str, Any], place: str) -> None:
    with pytest.raises(ProblemError) as caught:
        read_problem(minimal(**changes))
    assert caught.value.place == place
    assert caught.value.message


@pytest.mark.parametrize(
    ("part", "content", "place"),
    [
        ("grid", {"start": "2026-01-05T18:00:00Z", "step_h": [1, 1], "n_steps": 2}, "grid.n_steps"),
        ("grid", {"start": "2026-01-05T18:00:00Z", "step_h": 0}, "grid.step_h[0]"),
        ("grid", {"start": 5, "step_h": 1}, "grid.start"),
        ("circuits", [], "circuits"),
        ("circuits", [{"id": "a", "parent": "b"}], "circuits[0].parent"),
        ("circuits", [{"id": "a"}, {"id": "b"}], "circuits[1].parent"),
        ("circuits", [{"id": "a"}, {"id": "b", "parent": "c"}, {"id": "c", "parent": "a"}], "circuits[1].parent"),
        ("circuits", [{"id": "a", "phase_limit_kw": [1, 2]}], "circuits[0].phase_limit_kw"),
        ("circuits", [{"id": "a", "import_limit_kw": [30, 20, 0, 0], "module_kw": 40}], "circuits[0].module_kw"),
        ("connection", {}, "connection.import_price_per_kwh"),
    ],
)
def test_a_wrong_part_is_refused_by_place(part: str, content: Any, place: str) -> None:
    with pytest.raises(ProblemError) as caught:
        read_problem({**minimal(), part: content})
    assert caught.value.place == place


def test_a_problem_larger_than_any_memory_is_refused() -> None:
    many = [{**minimal()["storages"][0], "id": f"car-{i}"} for i in range(3000)]
    with pytest.raises(ProblemError, match="units times steps"):
        read_problem({**minimal(), "grid": {"start": "2026-01-05T18:00:00Z", "step_h": 1, "n_steps": 10_000}, "storages": many})


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b"[" * 100_000,
        b"1" * 5000,
        b"\xff\xfe",
        b'{"a": NaN}',
        b'{"a": 1, "a": 2}',
        b'{"grid": -Infinity}',
    ],
)
def test_a_file_that_is_no_problem_names_itself(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.json"
    path.write_bytes(content)
    with pytest.raises(ProblemError) as caught:
        load_problem(path)
    assert caught.value.place.startswith(str(path))


def test_a_file_that_is_not_there_is_an_error_of_the_same_kind(tmp_path: Path) -> None:
    with pytest.raises(ProblemError, match="cannot be read: No such file"):
        load_problem(tmp_path / "none.json")


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=8), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_no_json_raises_anything_but_a_problem_error(content: Any) -> None:
    with pytest.raises(ProblemError):
        read_problem(content)


JUNK = st.sampled_from([None, True, -1, 0, 1e308, float("nan"), float("inf"), "", "x", [], {}, [None], [[1]], {"a": 1}, 10**400])


@given(st.sampled_from(["grid", "connection", "circuits", "storages"]), st.data())
def test_junk_in_any_field_raises_nothing_but_a_problem_error(part: str, data: st.DataObject) -> None:
    content = json.loads(EXAMPLE.read_text(encoding="utf-8"))
    target = content[part][0] if isinstance(content[part], list) else content[part]
    target[data.draw(st.sampled_from(sorted(target)))] = data.draw(JUNK)
    with suppress(ProblemError):
        assert read_problem(content).storages.n_units == len(content["storages"])
