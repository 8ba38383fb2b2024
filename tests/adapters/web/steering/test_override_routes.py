"""Orders to outlets, pages of what was, and calls that are repeated."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from adapters.web import create_app
from tests.adapters.web.conftest import NOW
from tests.adapters.web.signals.test_signal_routes import steps
from tests.support.fake_orders import FakeArchive, FakeOverrides
from tests.support.fake_station import FakeStation


@pytest.fixture
async def client(station: FakeStation) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(station, overrides=FakeOverrides(station), archive=FakeArchive(station))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as opened:
        yield opened


def an_order(**changes: Any) -> dict[str, Any]:
    return {"kind": "pause", "reason": "cable repair", "until": (NOW + timedelta(hours=1)).isoformat()} | changes


PLACE = "/api/evses/A01/override"


async def test_an_order_is_put_seen_and_lifted(client: httpx.AsyncClient) -> None:
    assert (await client.get(PLACE)).status_code == 404
    put = await client.put(PLACE, json=an_order())
    assert put.status_code == 200
    assert put.json()["by"] == "this machine"
    seen = await client.get(PLACE)
    assert seen.json() == put.json()
    assert seen.headers["etag"] == put.headers["etag"]
    assert (await client.get("/api/overrides")).json() == [put.json()]
    assert (await client.delete(PLACE)).status_code == 204
    assert (await client.delete(PLACE)).status_code == 404
    assert (await client.get("/api/overrides/past")).json()["items"][0]["ended_by"] == "this machine"


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"kind": "stop"}, "kind"),
        ({"reason": ""}, "reason"),
        ({"until": NOW.isoformat()}, "until"),
        ({"until": (NOW + timedelta(days=8)).isoformat()}, "until"),
        ({"until": "9999-12-31T23:59:59-14:00"}, "until"),
        ({"kind": "limit"}, "max_kw"),
        ({"kind": "limit", "max_kw": -1}, "max_kw"),
        ({"kind": "limit", "max_kw": "5"}, "max_kw"),
        ({"max_kw": 5}, "max_kw"),
    ],
)
async def test_bad_orders_change_nothing(client: httpx.AsyncClient, changes: dict[str, Any], place: str) -> None:
    answer = await client.put(PLACE, json=an_order(**changes))
    assert answer.status_code == 422
    assert answer.json()["place"] == place
    assert (await client.get("/api/overrides")).json() == []
    assert (await client.put("/api/evses/Z99/override", json=an_order())).status_code == 404


async def test_nobody_overwrites_what_they_have_not_seen(client: httpx.AsyncClient, station: FakeStation) -> None:
    first = await client.put(PLACE, json=an_order())
    await client.put(PLACE, json=an_order(reason="fire drill"), headers={"If-Match": first.headers["etag"]})
    late = await client.put(PLACE, json=an_order(reason="again"), headers={"If-Match": first.headers["etag"]})
    assert late.status_code == 412
    assert (await client.delete(PLACE, headers={"If-Match": first.headers["etag"]})).status_code == 412
    assert (await client.get(PLACE)).json()["reason"] == "fire drill"
    assert (await client.delete(PLACE, headers={"If-Match": "*"})).status_code == 204
    assert (await client.put(PLACE, json=an_order(), headers={"If-Match": "*"})).status_code == 412  # nothing is there

    evse_id = next(s.evse_id for s in station.observation().evses if s.session)
    wishes = f"/api/evses/{evse_id}/wishes"
    seen = await client.get(wishes)
    assert (await client.post(wishes, json={"energy_kwh": 9}, headers={"If-Match": seen.headers["etag"]})).status_code == 204
    assert (await client.post(wishes, json={"energy_kwh": 5}, headers={"If-Match": seen.headers["etag"]})).status_code == 412
    assert (await client.get(wishes)).json()["energy_kwh"] == 9


async def test_pages_follow_one_another_without_gap_or_repeat(client: httpx.AsyncClient) -> None:
    seen, cursor = list[str](), None
    while True:
        page = (await client.get("/api/sessions/past", params={"limit": 7} | ({"cursor": cursor} if cursor else {}))).json()
        seen += [visit["driver"] for visit in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 20


@pytest.mark.parametrize("cursor", ["", "x", "AAAA", "MjAyNi0wMS0wMSAx", "'; DROP TABLE visits; --", "%00", "é"])
async def test_a_cursor_that_is_not_ours_is_refused(client: httpx.AsyncClient, cursor: str) -> None:
    for path in ("/api/sessions/past", "/api/signals/past", "/api/overrides/past"):
        assert (await client.get(path, params={"cursor": cursor})).status_code == 422


async def test_a_call_repeated_with_its_key_does_nothing_twice(client: httpx.AsyncClient, station: FakeStation) -> None:
    key = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}
    first, again = [await client.post("/api/signals", json=steps(), headers=key) for _ in range(2)]
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert first.headers["location"] == again.headers["location"]
    assert again.headers["x-content-type-options"] == "nosniff"
    assert len(station.posted) == 1
    other = await client.post("/api/signals", json=steps() | {"reason": "other"}, headers=key)
    assert other.status_code == 422
    assert other.json()["place"] == "Idempotency-Key"
    assert (await client.post("/api/signals", json=steps(), headers={"Idempotency-Key": "x" * 256})).status_code == 400
    await client.post("/api/signals", json=steps(), headers={"Idempotency-Key": "another"})
    assert len(station.posted) == 2


async def test_two_at_once_with_one_key_are_one(client: httpx.AsyncClient, station: FakeStation) -> None:
    slow, post = asyncio.Event(), station.post_signal

    async def waiting(*arguments: Any, **options: Any) -> None:
        await slow.wait()
        await post(*arguments, **options)

    station.post_signal = waiting  # type: ignore[method-assign]
    key = {"Idempotency-Key": "k"}
    first = asyncio.ensure_future(client.post("/api/signals", json=steps(), headers=key))
    await asyncio.sleep(0.05)
    assert (await client.post("/api/signals", json=steps(), headers=key)).status_code == 409
    slow.set()
    assert (await first).status_code == 201
    assert len(station.posted) == 1


async def test_kept_answers_are_bounded_and_refusals_crowd_out_none(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.web.http.idempotency.KEPT", 20)
    for evse, number in (("A01", 25), ("Z99", 50)):
        for i in range(number):
            await client.post(f"/api/evses/{evse}/wishes", json={}, headers={"Idempotency-Key": f"{i}"})
    middleware = client._transport.app.middleware_stack  # type: ignore[attr-defined]
    while not hasattr(middleware, "_kept"):
        middleware = getattr(middleware, "_app", None) or middleware.app
    assert [known.answer[0]["status"] for known in middleware._kept.values()] == [204] * 20
