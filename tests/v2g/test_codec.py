import json
import math
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import NOW, a_session, a_site, an_observation, an_outlook
from v2g.codec import decode, encode, written
from v2g.errors import InputError
from v2g.observation import Observation, Reading
from v2g.outlook import Outlook
from v2g.setpoint import Applied, DispatchReport, Setpoint, TimedOut, Unreachable
from v2g.site import Site


def through_json(value: object) -> object:
    return json.loads(json.dumps(encode(value), allow_nan=False))


@pytest.mark.parametrize("value", [a_site(), an_observation(a_site(2)), a_session("E1", soc_frac=None)])
def test_values_come_back_equal(value: object) -> None:
    assert decode(type(value), through_json(value)) == value


@pytest.mark.parametrize("depth", range(6))
@pytest.mark.parametrize(
    "value", [an_observation(a_site()), a_site(), an_outlook(a_site()), [], {}, (), {"a": [math.inf, {"b": ()}]}, "ü", NOW]
)
def test_the_pieces_are_the_text_of_the_whole(value: object, depth: int) -> None:
    assert "".join(written(value, depth)) == json.dumps(encode(value), separators=(",", ":"))


def test_an_infinite_limit_survives() -> None:
    site = decode(Site, through_json(a_site()))
    assert site.circuits[1].import_limit_kw == float("inf")


def test_arrays_come_back_equal() -> None:
    outlook = an_outlook(a_site(), spread_kw=3.0)
    again = decode(Outlook, through_json(outlook))
    assert np.array_equal(again.load_kw, outlook.load_kw)
    assert np.array_equal(again.grid.step_h, outlook.grid.step_h)
    assert again.grid.start == outlook.grid.start


def test_a_union_is_told_apart_by_its_type() -> None:
    setpoint = Setpoint(unit_id="E0", power_kw=-3.0, valid_until=NOW, bound_by=("grid",))
    report = DispatchReport(
        outcomes=(Applied(setpoint=setpoint, at=NOW), TimedOut(setpoint=setpoint, after_s=5.0), Unreachable(setpoint=setpoint))
    )
    assert decode(DispatchReport, through_json(report)) == report


@given(st.lists(st.integers(0, 3), min_size=1, max_size=3))
def test_an_array_keeps_its_shape_even_with_nothing_in_it(shape: list[int]) -> None:
    value = np.arange(np.prod(shape), dtype=np.float64).reshape(shape)
    again = decode(np.ndarray, json.loads(json.dumps(encode(value))))
    assert again.shape == value.shape
    np.testing.assert_array_equal(again, value)


@given(st.floats(allow_nan=False), st.datetimes(timezones=st.just(UTC)))
def test_readings_round_trip(value: float, at: datetime) -> None:
    reading = Reading(value=value, at=at)
    assert decode(Reading, through_json(reading)) == reading


@pytest.mark.parametrize(
    ("damage", "place"),
    [
        ({"at": "yesterday"}, r"\$"),
        ({"evses": 3}, r"\$\.evses"),
        ({"colour": "red"}, r"\$"),
        ({"load_kw": {"value": "much", "at": "2026-01-01T00:00:00Z"}}, r"\$"),
    ],
)
def test_damaged_data_names_its_place(damage: dict[str, object], place: str) -> None:
    data = {**encode(an_observation(a_site())), **damage}
    with pytest.raises(InputError, match=place):
        decode(Observation, data)
