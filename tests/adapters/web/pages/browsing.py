"""The pages in a real browser, through the real server: what all their tests share."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from adapters.web import Server, create_app, serve
from tests.support.fake_orders import FakeArchive
from tests.support.fake_records import FakeRecords
from tests.support.fake_station import FakeStation
from v2g.accounts import Accounts
from v2g.outlet_links import OutletLinks
from v2g.overrides import Overrides
from v2g.previewing import Previews

DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
LIVE = {"en-GB": "Live", "zh-CN": "实时"}
LANGUAGES = tuple(LIVE)
SERIOUS = {"serious", "critical"}
LINKS_KEY = b"for tests only, sixteen and more"
PLOT = "#plot.js-plotly-plot .scatterlayer"
SMALL = (
    "[...document.querySelectorAll('main button, main select, main input, main summary')]"
    ".filter(n => n.offsetHeight && n.offsetHeight < 44).map(n => n.id || n.textContent)"
)


@asynccontextmanager
async def serving(
    station: FakeStation,
    *,
    port: int = 0,
    accounts: Accounts | None = None,
    previews: Previews | None = None,
    overrides: Overrides | None = None,
) -> AsyncIterator[Server]:
    """Serve a station while the context lasts, to who logs in if there are `accounts`."""
    links = OutletLinks(LINKS_KEY, (evse.evse_id for evse in station.site.evses))
    app = create_app(
        station,
        accounts=accounts,
        previews=previews,
        records=FakeRecords(station),
        links=links,
        overrides=overrides,
        archive=FakeArchive(station),
    )
    server = serve(app, "127.0.0.1", port)
    task = asyncio.ensure_future(server.run())
    try:
        yield server
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


@asynccontextmanager
async def looking(
    browser: Browser, server: Server, path: str, size: dict[str, int] = DESKTOP, language: str = "en-GB"
) -> AsyncIterator[Page]:
    """Open a page, wait until it is live, and fail on anything the browser complains of."""
    context = await browser.new_context(viewport=size, locale=language, is_mobile=size is PHONE, has_touch=size is PHONE)
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(server.url.rstrip("/") + path)
    await expect(page.locator("#connection")).to_have_text(LIVE[language], timeout=20_000)
    yield page
    assert not complaints, complaints
    await context.close()


async def overflow(page: Page) -> int:
    """Return by how much the page is wider than its window [px]."""
    width: int = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return width


async def too_small(page: Page) -> list[str]:
    """Return what is less high than a finger needs."""
    small: list[str] = await page.evaluate(SMALL)
    return small


async def faults(page: Page, *, contrast: bool = True) -> list[str]:
    """Return the serious faults that axe-core finds."""
    options = {"rules": {"color-contrast": {"enabled": contrast}}}  # the slowest rule, once a page and size is enough
    found = (await Axe().run(page, options=options)).response["violations"]
    return [f"{fault['id']}: {node['html']}" for fault in found if fault["impact"] in SERIOUS for node in fault["nodes"]]
