"""The API over the real database: whatever comes in, the database keeps it, or it is refused with a reason."""

import base64
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from adapters.clock import VirtualClock
from adapters.store import Store
from adapters.web import create_app
from adapters.web.access.cookies import CSRF, CSRF_HEADER
from config.people.accounts import LiveAccounts
from config.people.archive import StoredArchive
from config.people.orders import Orders
from tests.config.people.test_orders import SITE, a_gateway
from tests.support.builders import NOW
from tests.support.fake_station import FakeStation
from v2g.session import EndedVisit

CHOSEN = "correct horse battery"
NASTY = ["'; DROP TABLE people; --", "\x00", "a\r\nSet-Cookie: x=1", "\x1b[2J", "\u202e", "😀", "%s{0}", "張偉 "]


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOW)


@pytest.fixture
async def store(tmp_path: Path, clock: VirtualClock) -> AsyncIterator[Store]:
    async with Store(f"sqlite:///{tmp_path / 'station.db'}", clock) as opened:
        yield opened


@pytest.fixture
async def admin(store: Store, clock: VirtualClock) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who came by the first link, in front of the real thing."""
    station, accounts = FakeStation(clock), LiveAccounts(store, clock)
    orders = Orders(SITE, clock, a_gateway(), store, lambda: None)
    app = create_app(station, accounts=accounts, overrides=orders, archive=StoredArchive(store))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://station.example") as client:
        link = await accounts.first_link()
        assert link
        entered = await client.post("/api/login/link", json={"link": link.text, "password": CHOSEN})
        assert entered.status_code == 200
        client.headers[CSRF_HEADER] = client.cookies[CSRF]
        yield client


async def test_the_whole_way_from_the_first_link_to_people_machines_and_out(admin: httpx.AsyncClient) -> None:
    assert (await admin.get("/api/me")).json()["name"] == "admin"
    link = (await admin.post("/api/people", json={"name": "张伟", "role": "operator"})).json()["link"]
    token = (await admin.post("/api/machines", json={"name": "vtn", "role": "grid_operator"})).json()["token"]
    assert (await admin.delete("/api/people/admin")).status_code == 422
    assert (await admin.post("/api/logout")).status_code == 204
    assert (await admin.get("/api/state")).status_code == 401
    assert (await admin.get("/api/state", headers={"Authorization": f"Bearer {token}"})).status_code == 200
    assert (await admin.post("/api/login/link", json={"link": link, "password": CHOSEN})).status_code == 200
    assert (await admin.get("/api/people")).status_code == 403


@pytest.mark.parametrize("text", NASTY)
async def test_nasty_text_is_kept_as_it_is_or_refused(admin: httpx.AsyncClient, text: str) -> None:
    until = (NOW + timedelta(hours=1)).isoformat()
    controlled = any(ord(c) < 32 for c in text)
    named = await admin.post("/api/people", json={"name": text, "role": "viewer"})
    assert named.status_code == 422
    assert named.json()["place"] == "name"
    log_in = await admin.post("/api/login", json={"name": text, "password": text})
    assert log_in.status_code == (422 if controlled else 401)
    for method, path in (("delete", "/api/people/{}"), ("post", "/api/people/{}/link"), ("delete", "/api/machines/{}")):
        assert (await admin.request(method, path.format(httpx.QueryParams({"": text}).__str__()[1:]))).status_code in (404, 422)
    form = {"kind": "pause", "reason": text, "until": until}
    ordered = await admin.put("/api/evses/A01/override", json=form)
    assert ordered.status_code == 422  # this gateway has other outlets: E0, E1
    signal = {"kind": "PRICE", "start": NOW.isoformat(), "step_minutes": 60, "values": [0.5], "reason": text}
    assert (await admin.post("/api/signals", json=signal)).status_code == (422 if controlled else 201)


@pytest.mark.parametrize(
    "place",
    [
        "2026-03-02T08:00:00+00:00 abc",
        "2026-03-02T08:00:00+00:00 -1",
        "2026-03-02T08:00:00+00:00 99999999999999999999999",
        "0001-01-01T00:00:00+14:00 1",
        "9999-12-31T23:59:59-14:00 1",
        "2026-03-02T08:00:00 1",
        "2026-03-02T08:00:00+00:00 \x00",
    ],
)
async def test_cursors_made_by_others_are_refused(admin: httpx.AsyncClient, place: str) -> None:
    cursor = base64.urlsafe_b64encode(place.encode()).decode()
    answer = await admin.get("/api/sessions/past", params={"cursor": cursor})
    assert answer.status_code == 422
    assert answer.json()["place"] == "cursor"


async def test_pages_of_visits_follow_one_another(admin: httpx.AsyncClient, store: Store) -> None:
    def ended(i: int) -> datetime:
        return NOW - timedelta(hours=i // 3)

    for i in range(7):
        await store.keep(EndedVisit(driver=f"d{i}", plugged_in_at=ended(i) - timedelta(hours=1), left_at=ended(i)))
    first = (await admin.get("/api/sessions/past", params={"limit": 4})).json()
    second = (await admin.get("/api/sessions/past", params={"limit": 4, "cursor": first["next"]})).json()
    assert [visit["driver"] for visit in (*first["items"], *second["items"])] == ["d2", "d1", "d0", "d5", "d4", "d3", "d6"]
    assert second["next"] is None
