"""Every page as axe-core sees it, and by keyboard alone."""

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from adapters.web import Server
from adapters.web.pages import PAGES
from adapters.web.pages import Page as DashboardPage
from tests.adapters.web.pages.browsing import LINKS_KEY, PHONE, looking, serving
from tests.support.fake_previews import FakePreviews
from tests.support.fake_station import FakeStation
from v2g.outlet_links import OutletLinks

# One browser for all: starting it takes longer than most of what it is asked.
pytestmark = pytest.mark.asyncio(loop_scope="module")

SERIOUS = {"serious", "critical"}
PLOTS = {"timeline", "forecasts", "results"}


async def faults(page: Page) -> list[str]:
    found = (await Axe().run(page)).response["violations"]
    return [f"{fault['id']}: {node['html']}" for fault in found if fault["impact"] in SERIOUS for node in fault["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("page", [page for page in PAGES if page.listed and page.name != "people"], ids=lambda page: page.name)
async def test_axe_finds_no_serious_fault(page: DashboardPage, scheme: str, lively: FakeStation, browser: Browser) -> None:
    async with serving(lively, previews=FakePreviews()) as server, looking(browser, server, page.path) as opened:
        await opened.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
        if page.name in PLOTS:
            await opened.locator(".js-plotly-plot").first.wait_for(state="attached")
        for summary in await opened.locator("main details > summary").all():
            if await summary.is_visible():
                await summary.click()
            if page.name == "audit":
                break
        assert await faults(opened) == []


async def test_the_drivers_page_and_the_dialogs_have_none_either(lively: FakeStation, server: Server, browser: Browser) -> None:
    page = await browser.new_page(viewport=PHONE)
    links = OutletLinks(LINKS_KEY, (evse.evse_id for evse in lively.site.evses))
    await page.goto(f"{server.url}car/{links.token('A01')}")
    await expect(page.locator("#leave-choices button")).to_have_count(4)
    assert await faults(page) == []
    async with looking(browser, server, "/chargers") as opened:
        await opened.get_by_role("button", name="Order…").first.click()
        assert await faults(opened) == []
        await opened.keyboard.press("Escape")
        await opened.get_by_role("button", name="Driver's code").first.click()
        await expect(opened.locator("#code-url")).to_contain_text("/car/")
        assert await faults(opened) == []


async def test_the_keyboard_alone_reaches_the_content_the_pages_and_what_can_be_changed(server: Server, browser: Browser) -> None:
    async with looking(browser, server, "/") as page:
        await page.keyboard.press("Tab")
        await expect(page.locator(".skip")).to_be_focused()
        await page.keyboard.press("Enter")
        assert await page.evaluate("location.hash") == "#main"
        await page.locator("nav a[href='/chargers']").focus()
        await page.keyboard.press("Enter")
        await expect(page.locator("h1")).to_have_text("Chargers")
        await page.get_by_role("button", name="Order…").first.focus()
        await page.keyboard.press("Enter")
        await expect(page.locator("#steer-dialog")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.locator("#steer-dialog")).to_be_hidden()
