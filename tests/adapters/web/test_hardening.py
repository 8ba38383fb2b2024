"""What the open web application security project's first lessons ask of an API: tried, not promised."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, expect

from adapters.web import create_app
from tests.adapters.web.pages.browsing import looking, serving
from tests.adapters.web.signals.test_signal_routes import steps
from tests.adapters.web.steering.test_override_routes import an_order
from tests.support.fake_accounts import FakeAccounts
from tests.support.fake_orders import FakeArchive, FakeOverrides
from tests.support.fake_station import FakeStation

MARKUP = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
INJECTIONS = ["' OR '1'='1", "'; DROP TABLE people; --", "$(reboot)", "{{7*7}}", "%s%n", "\u202eevil", "a" * 100]
PLACES = ["../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd", "....//etc/passwd", "%00", "a%0d%0aX-Evil: 1"]


@pytest.fixture
async def client(station: FakeStation) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(station, overrides=FakeOverrides(station), archive=FakeArchive(station), accounts=FakeAccounts())
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as opened:
        yield opened


@pytest.mark.parametrize("text", INJECTIONS)
async def test_text_is_only_text(station: FakeStation, text: str) -> None:
    app = create_app(station, overrides=FakeOverrides(station), archive=FakeArchive(station))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as opened:
        published = await opened.post("/api/signals", json=steps() | {"reason": text})
        assert published.json()["reason"] == text
        assert (await opened.put("/api/evses/A01/override", json=an_order(reason=text))).json()["reason"] == text
        answer = await opened.request("DELETE", f"/api/signals/{text[:60]}")
        assert answer.status_code in (404, 405)
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("place", PLACES)
async def test_no_address_leads_out_of_what_is_served(client: httpx.AsyncClient, place: str) -> None:
    for before in ("/static/", "/vendor/", "/api/signals/", "/api/evses/", "/car/", "/"):
        answer = await client.get(f"{before}{place}", follow_redirects=False)
        drivers_page = answer.status_code == 200 and answer.text == (await client.get("/car/x")).text  # the same for every code
        assert drivers_page or answer.status_code in (401, 404, 405), before
        assert "root:" not in answer.text
        assert "x-evil" not in answer.headers


async def test_no_answer_sends_a_browser_elsewhere(client: httpx.AsyncClient) -> None:
    for path in ("//evil.example", "/\\evil.example", "/login?next=//evil.example", "/chargers/", "/static"):
        answer = await client.get(path, follow_redirects=False)
        assert "evil" not in answer.headers.get("location", "")


async def test_the_host_a_request_names_is_in_no_answer(client: httpx.AsyncClient) -> None:
    for path in ("/", "/login", "/api/me", "/api/openapi.json", "/api/nowhere"):
        answer = await client.get(path, headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
        assert "evil" not in answer.text + str(answer.headers)


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "status"),
    [
        ("GET", "/api/nowhere", {}, None, 404),
        ("PATCH", "/api/state", {}, None, 405),
        ("TRACE", "/api/state", {}, None, 405),
        ("POST", "/api/login", {"Content-Type": "text/plain"}, b'{"name": "a", "password": "b"}', 415),
        ("POST", "/api/login", {"Content-Type": "application/x-www-form-urlencoded"}, b"name=a", 415),
        ("POST", "/api/login", {}, b"{}", 415),
        ("POST", "/api/login", {"Content-Type": "application/json"}, b"{", 400),
        ("POST", "/api/login", {"Content-Type": "application/json"}, b"\xff\xfe", 400),
        ("POST", "/api/login", {"Content-Type": "application/json"}, b"[" * 5_000, 400),
        ("POST", "/api/login", {"Content-Type": "application/json"}, b'{"name": 1}', 422),
        ("POST", "/api/login", {"Content-Type": "application/json"}, b'{"name": "a", "password": "\\ud800"}', 422),
        ("POST", "/api/login", {"Content-Type": "application/json"}, b" " * 1_000_001, 413),
        ("POST", "/api/login", {"Content-Type": "application/json", "Content-Length": "x"}, b"{}", 400),
    ],
)
async def test_errors_are_problems_with_the_right_status(
    client: httpx.AsyncClient, method: str, path: str, headers: dict[str, str], body: bytes | None, status: int
) -> None:
    answer = await client.request(method, path, headers=headers, content=body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status
    assert status != 405 or answer.headers["allow"]


async def test_a_crash_is_a_problem_that_tells_nothing(station: FakeStation) -> None:
    def crash(*_: Any) -> Any:
        raise RuntimeError("the database's password is 1234")

    station.signals = crash  # type: ignore[method-assign]
    transport = httpx.ASGITransport(create_app(station), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as opened:
        answer = await opened.get("/api/signals")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "1234" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.asyncio(loop_scope="module")
async def test_names_with_markup_are_shown_as_text(lively: FakeStation, browser: Browser) -> None:
    lively.driver = lively.fault = MARKUP
    async with serving(lively) as server:
        for path in ("/", "/chargers", "/prices", "/timeline"):
            async with looking(browser, server, path) as page:
                await expect(page.locator("#connection")).to_have_text("Live")
                assert await page.title() != "owned"
                assert await page.locator("main img[src=x], main script").count() == 0
        async with looking(browser, server, "/chargers") as page:
            await expect(page.get_by_text(MARKUP).first).to_be_attached(timeout=10_000)
