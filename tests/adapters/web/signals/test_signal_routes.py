import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.adapters.web.conftest import NOW, client_of
from tests.support.fake_station import FakeStation
from v2g.signal_bounds import CALLS
from v2g.signals import Contract, SignalKind


def at(hours_h: float) -> str:
    return (NOW + timedelta(hours=hours_h)).isoformat()


def steps(**changes: Any) -> dict[str, Any]:
    return {"kind": "PRICE", "start": at(0.3), "step_minutes": 30, "values": [0.3, 0.9, -0.1], **changes}


def interval(start_h: float, end_h: float, value: float = 0.5) -> dict[str, Any]:
    return {"start": at(start_h), "end": at(end_h), "value": value}


async def test_a_curve_in_steps_is_published_listed_and_withdrawn(station: FakeStation, client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/signals", json=steps(source="dso", reason="windy night", priority=5))
    assert answer.status_code == 201
    published = answer.json()
    assert answer.headers["location"] == f"/api/signals/{published['signal_id']}"
    (kept,) = station.signals()
    assert [(i.start - NOW, i.end - NOW, i.value) for i in kept.intervals] == [
        (timedelta(minutes=18 + 30 * i), timedelta(minutes=48 + 30 * i), value) for i, value in enumerate([0.3, 0.9, -0.1])
    ]
    assert (kept.kind, kept.priority, kept.source, kept.reason, kept.issued_at) == (SignalKind.PRICE, 5, "dso", "windy night", NOW)
    assert published["unit"] == "CNY/kWh"
    assert (await client.get("/api/signals")).json() == [published]
    assert (await client.delete(answer.headers["location"])).status_code == 204
    assert (await client.get("/api/signals")).json() == []
    assert (await client.delete(answer.headers["location"])).status_code == 404


async def test_the_source_of_limits_says_that_it_lives(station: FakeStation, client: httpx.AsyncClient) -> None:
    assert (await client.post("/api/signals/heartbeat")).status_code == 204
    assert station.beats == 1


async def test_intervals_may_have_gaps_and_any_time_zone(station: FakeStation, client: httpx.AsyncClient) -> None:
    local = (NOW + timedelta(hours=1)).isoformat().replace("+00:00", "") + "+08:00"
    body = {"kind": "IMPORT_CAPACITY_LIMIT", "intervals": [{"start": local, "end": at(1), "value": 200}, interval(5, 6, 0)]}
    answer = await client.post("/api/signals", json=body)
    assert answer.status_code == 201
    assert answer.json()["unit"] == "kW"
    assert station.signals()[0].intervals[0].start == NOW - timedelta(hours=7)


async def test_a_price_changes_the_plan(client: httpx.AsyncClient) -> None:
    before = (await client.get("/api/plan")).json()["import_price_per_kwh"]
    await client.post("/api/signals", json=steps(start=at(-1), step_minutes=600, values=[5.0]))
    after = (await client.get("/api/plan")).json()["import_price_per_kwh"]
    assert before[0] != 5.0
    assert after[0] == 5.0


EVENT = {"kind": "DEMAND_REDUCTION", "intervals": [interval(1, 2, 20)]}
RESERVE = {"kind": "RESERVE_SYMMETRIC", "intervals": [interval(1, 5, 10)]}
DISPATCH = {"kind": "DISPATCH_SETPOINT", "intervals": [interval(1, 2, -20)]}
PAID = {"payment": 3.0, "penalty": 1.5}


async def test_a_call_is_kept_with_its_contract_and_comes_back_as_it_was_sent(
    station: FakeStation, client: httpx.AsyncClient
) -> None:
    contract = PAID | {"owed_frac": 0.5, "baseline_kw": None, "rebound_cap_kw": 80.0, "rebound_h": 1.0}
    published = (await client.post("/api/signals", json=EVENT | {"contract": contract})).json()
    (kept,) = station.signals()
    assert kept.contract == Contract(payment=3.0, penalty=1.5, owed_frac=0.5, rebound_cap_kw=80.0, rebound_h=1.0)
    assert published["unit"] == "kW"
    again = {name: published[name] for name in ("kind", "priority", "source", "reason", "intervals", "contract")}
    answer = await client.post("/api/signals", json=again)
    assert answer.json()["contract"] == published["contract"]


@pytest.mark.parametrize(
    ("body", "unit"),
    [
        (RESERVE | {"contract": PAID}, "kW"),
        (DISPATCH | {"contract": {"penalty": 1.0}}, "kW"),
        (steps(kind="GHG", values=[550, 300.5, 0]), "g/kWh"),
    ],
    ids=["reserve", "dispatch", "carbon"],
)
async def test_every_kind_of_call_is_taken(client: httpx.AsyncClient, body: dict[str, Any], unit: str) -> None:
    answer = await client.post("/api/signals", json=body)
    assert (answer.status_code, answer.json()["unit"]) == (201, unit)


BAD = {
    "no kind": (steps(kind=None), "kind"),
    "unknown kind": (steps(kind="FREE_BEER"), "kind"),
    "unknown field": (steps(colour="red"), "colour"),
    "naive start": (steps(start="2026-03-04T08:00:00"), "start"),
    "start far away": (steps(start="9999-12-31T23:59:59Z"), "start"),
    "start before time": (steps(start="0001-01-01T00:00:00+14:00"), "start"),
    "steps reach too far": (steps(step_minutes=1440, values=[0.1] * 400), "values"),
    "no values": (steps(values=[]), "values"),
    "value no number": (steps(values=[0.1, "much"]), "values[1]"),
    "value in quotes": (steps(values=[0.1, "1.0"]), "values[1]"),
    "value a boolean": (steps(values=[True]), "values[0]"),
    "value endless": (steps(values=[int("9" * 400)]), "values[0]"),
    "interval's value in quotes": ({"kind": "PRICE", "intervals": [interval(1, 2) | {"value": "1"}]}, "intervals[0].value"),
    "step in quotes": (steps(step_minutes="30"), "step_minutes"),
    "step too short": (steps(step_minutes=0.5), "step_minutes"),
    "start no instant": (steps(start="tomorrow"), "start"),
    "start a list": (steps(start=[]), "start"),
    "values no list": (steps(values={}), "values"),
    "source a number": (steps(source=5), "source"),
    "source empty": (steps(source=""), "source"),
    "reason endless": (steps(reason="r" * 201), "reason"),
    "priority in quotes": (steps(priority="5"), "priority"),
    "priority too high": (steps(priority=1001), "priority"),
    "over already": (steps(start=at(-5)), "values[2]"),
    "intervals over already": ({"kind": "PRICE", "intervals": [interval(-3, -2), interval(-2, -1)]}, "intervals[1].end"),
    "no length": ({"kind": "PRICE", "intervals": [interval(1, 1)]}, "intervals[0].end"),
    "price in another unit": (steps(values=[0.3, 680.0]), "values[1]"),
    "negative limit": (steps(kind="IMPORT_CAPACITY_LIMIT", values=[-1.0]), "values[0]"),
    "huge limit": (steps(kind="EXPORT_CAPACITY_LIMIT", values=[1e9]), "values[0]"),
    "priority": (steps(priority=-1), "priority"),
    "backwards": ({"kind": "PRICE", "intervals": [interval(2, 1)]}, "intervals[0].end"),
    "overlap": ({"kind": "PRICE", "intervals": [interval(1, 3), interval(2, 4)]}, "intervals[1].start"),
    "interval far away": ({"kind": "PRICE", "intervals": [interval(1, 24 * 400)]}, "intervals[0].end"),
    "interval without end": ({"kind": "PRICE", "intervals": [{"start": at(1), "value": 1}]}, "intervals[0].end"),
    "price in intervals": ({"kind": "PRICE", "intervals": [interval(1, 2, 1e6)]}, "intervals[0].value"),
    "a list": ([], "body"),
    "carbon in kilograms": (steps(kind="GHG", values=[300, 300_000]), "values[1]"),
    "negative carbon": (steps(kind="GHG", values=[-1]), "values[0]"),
    "a call without a contract": (EVENT, "contract"),
    "a call for nothing": (RESERVE | {"contract": {"energy_h": 1}}, "contract"),
    "dispatch that costs nothing": (DISPATCH | {"contract": {"payment": 1}}, "contract"),
    "a price with a contract": (steps(contract=PAID), "contract"),
    "more than the connection can swing": (EVENT | {"intervals": [interval(1, 2, 1e5)], "contract": PAID}, "intervals[0].value"),
    "an export beyond the limit": (
        DISPATCH | {"intervals": [interval(1, 2, -1e4)], "contract": {"penalty": 1}},
        "intervals[0].value",
    ),
    "a contract in quotes": (EVENT | {"contract": PAID | {"payment": "3"}}, "contract.payment"),
    "a penalty in another unit": (EVENT | {"contract": PAID | {"penalty": 1e4}}, "contract.penalty"),
    "more than all is owed": (EVENT | {"contract": PAID | {"owed_frac": 1.1}}, "contract.owed_frac"),
    "an unknown term": (EVENT | {"contract": PAID | {"bonus": 1}}, "contract.bonus"),
    "a rebound cap without its length": (EVENT | {"contract": PAID | {"rebound_cap_kw": 9}}, "contract.rebound_h"),
    "a rebound of a reserve": (RESERVE | {"contract": PAID | {"rebound_cap_kw": 9, "rebound_h": 1}}, "contract.rebound_cap_kw"),
    "an offer nobody can hold": (RESERVE | {"contract": PAID | {"offer_max_kw": 1e5}}, "contract.offer_max_kw"),
}


@pytest.mark.parametrize(("body", "place"), BAD.values(), ids=BAD.keys())
async def test_a_bad_signal_is_refused_with_its_place_and_changes_nothing(
    station: FakeStation, client: httpx.AsyncClient, body: object, place: str
) -> None:
    answer = await client.post("/api/signals", json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["place"] == place
    assert problem["detail"]
    assert problem["mend"]
    assert station.signals() == ()


async def test_what_is_out_of_bounds_says_how_to_mend_it(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/signals", json=steps(values=[680.0]))
    assert answer.json()["mend"] == "give CNY/kWh between -109 and 109"


@pytest.mark.parametrize("content", [b"", b"{", b'{"kind": NaN}', b"[" * 5000, b'"\\ud800"', b"\xff\xfe", b"1" * 5000])
async def test_broken_json_is_a_clear_error(client: httpx.AsyncClient, content: bytes) -> None:
    answer = await client.post("/api/signals", content=content, headers={"content-type": "application/json"})
    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["mend"]


@pytest.mark.parametrize("content", [b"[" * 5000, b'"\xff"', b"1" * 5000, b"{"], ids=["nested", "not UTF-8", "5,000 digits", "cut"])
async def test_a_body_that_cannot_be_read_is_told(client: httpx.AsyncClient, content: bytes) -> None:
    answer = await client.post("/api/signals", content=content, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["place"]) == (400, "body")


@pytest.mark.parametrize("declared", [True, False])
async def test_a_flood_is_refused(client: httpx.AsyncClient, declared: bool) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b" " * 100_000

    content = b" " * 2_000_000 if declared else chunks()
    answer = await client.post("/api/signals", content=content, headers={"content-type": "application/json"})
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.json()["place"], answer.json()["mend"]) == ("body", "send at most 1000000 bytes")


instants = st.datetimes(timezones=st.timezones()).map(datetime.isoformat) | st.floats(-100, 100).map(at) | st.text(max_size=12)
numbers = st.floats() | st.integers() | st.floats(-50, 400) | st.none() | st.text(max_size=5)
forms = st.fixed_dictionaries(
    {"kind": st.sampled_from([*SignalKind, "SIMPLE"])},
    optional={
        "intervals": st.lists(st.fixed_dictionaries({"start": instants, "end": instants, "value": numbers}), max_size=4),
        "start": instants,
        "step_minutes": numbers,
        "values": st.lists(numbers, max_size=5),
        "priority": st.integers(),
        "source": st.text(max_size=70),
        "reason": st.text(max_size=10),
        "contract": st.dictionaries(st.sampled_from([*Contract.__slots__, "bonus"]), numbers, max_size=4),
    },
)
json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=forms | json_values)
async def test_no_payload_breaks_the_server_and_what_is_kept_is_sane(station: FakeStation, body: object) -> None:
    station.posted.clear()
    async with client_of(station) as client:
        content = json.dumps(body).encode()
        answer = await client.post("/api/signals", content=content, headers={"content-type": "application/json"})
    assert answer.status_code in (201, 400, 422)
    assert len(station.posted) == (answer.status_code == 201)
    for signal in station.posted.values():
        assert signal.intervals[-1].end > NOW
        assert all(i.start < i.end for i in signal.intervals)
        assert all(abs(i.value) < 1e6 + 1 for i in signal.intervals)
        assert (signal.contract is not None) == (signal.kind in CALLS)
