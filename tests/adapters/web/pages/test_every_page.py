"""Every page, in both languages, on a desk in the light and on a phone in the dark, as people and axe-core see it."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, expect

from adapters.clock import AcceleratedClock
from adapters.web import Server
from adapters.web.pages import PAGES
from adapters.web.pages import Page as DashboardPage
from tests.adapters.web.conftest import NOW, WORLD
from tests.adapters.web.pages.browsing import DESKTOP, LINKS_KEY, LIVE, PHONE, faults, overflow, serving, too_small
from tests.support.fake_accounts import FakeAccounts, password_of
from tests.support.fake_orders import FakeOverrides
from tests.support.fake_previews import FakePreviews
from tests.support.fake_station import FakeStation
from v2g.outlet_links import OutletLinks

# One browser, server and login for all: they take longer than most of what they are asked.
pytestmark = pytest.mark.asyncio(loop_scope="module")

PLOTS = {"timeline", "forecasts", "results"}
VISIBLE_FOLDS = "main details:not([open]) > summary"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def guarded() -> AsyncIterator[Server]:
    """Return a station with all that there is to show, where people log in."""
    station = FakeStation(AcceleratedClock(NOW, speed=1.0), world=WORLD)
    everything = {"accounts": FakeAccounts(), "previews": FakePreviews(), "overrides": FakeOverrides(station)}
    async with serving(station, **everything) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["desk", "phone"])
async def context(request: pytest.FixtureRequest, browser: Browser, guarded: Server) -> AsyncIterator[BrowserContext]:
    """Return a browser in which the admin has logged in."""
    phone = request.param == "phone"
    opened = await browser.new_context(
        viewport=PHONE if phone else DESKTOP,
        locale="zh-CN" if phone else "en-GB",
        color_scheme="dark" if phone else "light",
        reduced_motion="reduce",
        is_mobile=phone,
        has_touch=phone,
    )
    answer = await opened.request.post(f"{guarded.url}api/login", data={"name": "admin", "password": password_of("admin")})
    assert answer.ok
    yield opened
    await opened.close()


def address(page: DashboardPage) -> str:
    token = OutletLinks(LINKS_KEY, ("A01",)).token("A01") or ""
    return page.path.replace("{token}", token)


async def ready(page: DashboardPage, opened: Page) -> None:
    """Wait until a page shows what it is about, and unfold what it hides."""
    if page.name == "login":
        await expect(opened.locator("#login-title")).not_to_be_empty()
    elif page.name == "car":
        await expect(opened.locator("#leave-choices button")).to_have_count(4)
    else:
        await expect(opened.locator("#connection")).to_have_text(LIVE[await opened.evaluate("navigator.language")], timeout=20_000)
    if page.name in PLOTS:
        await opened.locator(".js-plotly-plot").first.wait_for(state="attached")
    for summary in (await opened.locator(VISIBLE_FOLDS).all())[:8]:
        if await summary.is_visible():
            await summary.click()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
async def test_it_is_whole_in_both_languages(page: DashboardPage, context: BrowserContext, guarded: Server) -> None:
    opened = await context.new_page()
    complaints: list[str] = []
    opened.on("console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    await opened.goto(guarded.url.rstrip("/") + address(page))
    phone = await opened.evaluate("innerWidth") < DESKTOP["width"]
    first = "zh" if phone else "en"
    assert await opened.locator("html").get_attribute("lang") == first, "the browser's language"
    await ready(page, opened)
    for language in (first, "en" if phone else "zh"):
        await opened.locator(f"[data-language={language}]").click()
        assert await opened.locator("html").get_attribute("lang") == language
        assert await opened.locator("h1:visible").count() == 1
        assert await opened.locator("nav [aria-current=page]").count() == page.listed
        assert await overflow(opened) <= 0
        assert not phone or await too_small(opened) == []
        assert await faults(opened, contrast=language == first) == []
    await opened.evaluate("localStorage.clear()")
    assert complaints == []
    await opened.close()
