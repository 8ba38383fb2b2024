"""Logging in, staying in, getting out; guessing, and being made to ask by a foreign page."""

from collections.abc import AsyncIterator

import httpx
import pytest

from adapters.attempts import SLOTS, Attempts, neighbourhood
from adapters.web import create_app
from adapters.web.access.cookies import CSRF, CSRF_HEADER, SESSION
from tests.adapters.web.signals.test_signal_routes import steps
from tests.support.fake_accounts import FakeAccounts, password_of
from tests.support.fake_station import FakeStation
from v2g.access import Role

URL = "https://station.example"


@pytest.fixture
def accounts() -> FakeAccounts:
    return FakeAccounts()


@pytest.fixture
async def browser(station: FakeStation, accounts: FakeAccounts) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(station, accounts=accounts))
    async with httpx.AsyncClient(transport=transport, base_url=URL) as client:
        yield client


async def enter(browser: httpx.AsyncClient, role: Role = Role.ADMIN) -> None:
    """Log in, and prove from then on that changes come from our own page."""
    answer = await browser.post("/api/login", json={"name": role.value, "password": password_of(role.value)})
    assert answer.status_code == 200
    browser.headers[CSRF_HEADER] = browser.cookies[CSRF]


async def test_who_is_not_logged_in_sees_the_pages_and_nothing_of_the_station(browser: httpx.AsyncClient) -> None:
    assert (await browser.get("/")).status_code == 200
    for path in ("/api/state", "/api/site", "/api/plan", "/api/signals", "/api/people"):
        answer = await browser.get(path)
        assert answer.status_code == 401, path
        assert answer.headers["www-authenticate"] == "Bearer"
    me = (await browser.get("/api/me")).json()
    assert (me["name"], me["rights"], me["logs_in"]) == (None, [], True)


async def test_logging_in_opens_what_the_role_may(browser: httpx.AsyncClient, station: FakeStation) -> None:
    await enter(browser, Role.GRID_OPERATOR)
    assert (await browser.get("/api/state")).status_code == 200
    assert (await browser.post("/api/signals", json=steps())).status_code == 201
    assert (await browser.get("/api/people")).status_code == 403
    assert (await browser.get("/api/me")).json()["rights"] == ["preview", "read", "signal"]
    assert (await browser.post("/api/logout")).status_code == 204
    assert SESSION not in browser.cookies
    assert (await browser.get("/api/state")).status_code == 401
    assert len(station.posted) == 1


async def test_cookies_are_hidden_bound_to_this_site_and_to_encryption(browser: httpx.AsyncClient) -> None:
    answer = await browser.post("/api/login", json={"name": "admin", "password": password_of("admin")})
    session, csrf = sorted(answer.headers.get_list("set-cookie"), reverse=True)
    assert session.startswith(SESSION)
    assert {"HttpOnly", "Secure", "SameSite=strict"} <= set(session.split("; "))
    assert csrf.startswith(CSRF)
    assert {"Secure", "SameSite=strict"} <= set(csrf.split("; "))
    assert "HttpOnly" not in csrf
    assert "domain" not in (session + csrf).lower()
    assert answer.headers["cache-control"] == "no-store"


async def test_unknown_names_and_wrong_passwords_get_the_same_answer(browser: httpx.AsyncClient) -> None:
    answers = [
        await browser.post("/api/login", json={"name": name, "password": password})
        for name, password in (("admin", "wrong"), ("nobody", "wrong"), ("admin' OR '1'='1", "x"), ("", "x"))
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.text for answer in answers}) == 1


async def test_a_change_by_cookie_alone_is_refused(browser: httpx.AsyncClient, station: FakeStation) -> None:
    await enter(browser)
    for shown in ("", "wrong", "0" * 64):
        answer = await browser.post("/api/signals", json=steps(), headers={CSRF_HEADER: shown})
        assert answer.status_code == 403
    assert station.posted == {}


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "https://station.example.evil.example"},
        {"Origin": "https://evil.example/station.example"},
        {"Origin": "null"},
        {"Origin": "https://station.example:8443"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_a_foreign_page_changes_nothing(browser: httpx.AsyncClient, station: FakeStation, headers: dict[str, str]) -> None:
    await enter(browser)
    for path, body in (("/api/signals", steps()), ("/api/login", {"name": "admin", "password": password_of("admin")})):
        assert (await browser.post(path, json=body, headers=headers)).status_code == 403
    assert station.posted == {}


async def test_a_foreign_page_changes_nothing_where_nobody_logs_in_either(station: FakeStation) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(create_app(station)), base_url="http://localhost:8080") as client:
        answer = await client.post("/api/signals", json=steps(), headers={"Origin": "https://evil.example"})
        assert answer.status_code == 403
        plain = await client.post("/api/signals", content=b"{}", headers={"Content-Type": "text/plain"})
        assert plain.status_code == 415
        assert (await client.get("/api/me")).json()["logs_in"] is False
        assert (await client.get("/api/people")).status_code == 401
        assert (await client.post("/api/login", json={"name": "a", "password": "b"})).status_code == 404
    assert station.posted == {}


async def test_our_own_page_may(browser: httpx.AsyncClient) -> None:
    await enter(browser)
    own = {"Origin": URL, "Sec-Fetch-Site": "same-origin"}
    assert (await browser.post("/api/signals", json=steps(), headers=own)).status_code == 201


async def test_guessing_a_password_ends_soon_and_is_not_even_looked_at(browser: httpx.AsyncClient, accounts: FakeAccounts) -> None:
    statuses = [(await browser.post("/api/login", json={"name": "admin", "password": f"guess {i}"})).status_code for i in range(30)]
    assert statuses.count(401) == accounts.asked == 10
    assert statuses[10:] == [429] * 20
    right = await browser.post("/api/login", json={"name": "admin", "password": password_of("admin")})
    assert right.status_code == 429
    assert int(right.headers["retry-after"]) >= 1


async def test_a_name_is_not_guessed_from_many_addresses(station: FakeStation, accounts: FakeAccounts) -> None:
    app = create_app(station, accounts=accounts)
    statuses = []
    for i in range(60):
        transport = httpx.ASGITransport(app, client=(f"203.0.113.{i}", 1))
        async with httpx.AsyncClient(transport=transport, base_url=URL) as client:
            statuses.append((await client.post("/api/login", json={"name": "Admin", "password": "x"})).status_code)
    assert statuses.count(401) == 20
    assert statuses[-1] == 429


async def test_guessing_tokens_sessions_and_links_ends_soon(browser: httpx.AsyncClient) -> None:
    tokens = [(await browser.get("/api/state", headers={"Authorization": f"Bearer {i}"})).status_code for i in range(40)]
    assert set(tokens[:30]) == {401}
    assert set(tokens[31:]) == {429}
    sessions = await browser.get("/api/state", headers={"Cookie": f"{SESSION}=guess"})
    assert sessions.status_code == 429
    links = [(await browser.post("/api/login/link", json={"link": str(i), "password": "x" * 12})).status_code for i in range(15)]
    assert links == [401] * 10 + [429] * 5


async def test_an_address_that_was_wrong_too_often_is_served_with_what_is_right(browser: httpx.AsyncClient) -> None:
    await enter(browser)
    for i in range(40):
        await browser.get("/api/state", headers={"Authorization": f"Bearer {i}"})
    assert (await browser.get("/api/state")).status_code == 200


async def test_people_come_by_a_link_and_choose_their_password(browser: httpx.AsyncClient) -> None:
    await enter(browser)
    invited = await browser.post("/api/people", json={"name": "张伟", "role": "operator"})
    assert invited.status_code == 201
    assert (await browser.post("/api/people", json={"name": "张伟", "role": "admin"})).status_code == 422
    browser.cookies.clear()
    welcome = await browser.post("/api/login/link", json={"link": invited.json()["link"], "password": "several good words"})
    assert welcome.json()["name"] == "张伟"
    browser.headers[CSRF_HEADER] = browser.cookies[CSRF]
    change = {"old": "several good words", "new": "other good words"}
    assert (await browser.post("/api/me/password", json=change | {"old": "wrong"})).status_code == 403
    assert (await browser.post("/api/me/password", json=change)).status_code == 204
    assert (await browser.get("/api/state")).status_code == 401
    assert (await browser.post("/api/login", json={"name": "张伟", "password": "other good words"})).status_code == 200


async def test_an_admin_changes_roles_and_removes_people(browser: httpx.AsyncClient) -> None:
    await enter(browser)
    assert (await browser.put("/api/people/viewer/role", json={"role": "operator"})).status_code == 204
    assert (await browser.delete("/api/people/operator")).status_code == 204
    roles = {person["name"]: person["role"] for person in (await browser.get("/api/people")).json()}
    assert roles == {"admin": "admin", "grid_operator": "grid_operator", "viewer": "operator"}
    last = await browser.delete("/api/people/admin")
    assert last.status_code == 422
    assert last.json()["mend"] == "make somebody else an admin first"
    for method, path in (("put", "/api/people/x/role"), ("delete", "/api/people/x"), ("post", "/api/people/x/link")):
        body = {"json": {"role": "viewer"}} if method == "put" else {}
        assert (await browser.request(method, path, **body)).status_code == 404


async def test_a_machine_does_what_its_token_says_until_it_is_revoked(
    browser: httpx.AsyncClient, station: FakeStation, accounts: FakeAccounts
) -> None:
    await enter(browser)
    form = {"name": "vtn", "role": "grid_operator", "rights": ["signal"], "days": 30}
    issued = (await browser.post("/api/machines", json=form)).json()
    assert [m["machine_id"] for m in (await browser.get("/api/machines")).json()] == [issued["machine"]["machine_id"]]
    bearer = {"Authorization": f"Bearer {issued['token']}"}
    transport = httpx.ASGITransport(create_app(station, accounts=accounts))
    async with httpx.AsyncClient(transport=transport, base_url=URL, headers=bearer) as machine:
        assert (await machine.post("/api/signals", json=steps())).status_code == 201
        assert (await machine.get("/api/state")).status_code == 403
        assert (await machine.post("/api/machines", json=form)).status_code == 403
        await browser.delete(f"/api/machines/{issued['machine']['machine_id']}")
        assert (await machine.post("/api/signals", json=steps())).status_code == 401


def test_tries_come_back_with_time_and_what_was_right_does_not_count() -> None:
    now = [0.0]
    attempts = Attempts(burst=3, period_s=10.0, clock_s=lambda: now[0])
    assert [attempts.take("a") for _ in range(5)] == [0.0, 0.0, 0.0, 10.0, 10.0]
    now[0] = 10.0
    assert [attempts.take("a"), attempts.take("a")] == [0.0, 10.0]
    attempts.forgive("a")
    assert attempts.take("a") == 0.0
    now[0] = 1000.0
    assert [attempts.take("a") for _ in range(4)] == [0.0, 0.0, 0.0, 10.0]


def test_memory_stays_fixed_however_many_names_are_tried() -> None:
    attempts = Attempts(burst=3, period_s=10.0)
    for i in range(3 * SLOTS):
        attempts.take(f"name {i}")
    assert len(attempts._free_at) == SLOTS


def test_one_persons_ipv6_addresses_count_together() -> None:
    assert neighbourhood("2001:db8:1:2::1") == neighbourhood("2001:db8:1:2:ffff::9") != neighbourhood("2001:db8:1:3::1")
    assert neighbourhood("192.0.2.1") != neighbourhood("192.0.2.2")
    assert neighbourhood("testclient") == "testclient"
