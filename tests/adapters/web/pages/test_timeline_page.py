"""The page "timeline" in a real browser, through the real server."""

import re
from datetime import timedelta

import pytest
from playwright.async_api import Browser, expect

from adapters.web import Server
from tests.adapters.web.conftest import NOW
from tests.adapters.web.pages.browsing import PLOT, looking
from tests.support.fake_station import FakeStation
from v2g.signals import Interval, Signal, SignalKind

# One browser for all: starting it takes longer than most of what it is asked.
pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_pointing_at_the_plan_reads_its_values(server: Server, browser: Browser) -> None:
    async with looking(browser, server, "/timeline") as page:
        await expect(page.locator(PLOT).first).to_be_attached(timeout=20_000)
        await expect(page.locator(".item.time dd")).to_have_text("now")
        await page.locator("#plot").scroll_into_view_if_needed()
        box = await page.locator("#plot").bounding_box()
        assert box is not None
        await page.mouse.move(box["x"] + 0.75 * box["width"], box["y"] + 0.4 * box["height"])
        await expect(page.locator(".item.time dd")).to_have_text(re.compile(r"^\d\d:\d\d, planned$"))
        await page.mouse.move(box["x"] + 0.25 * box["width"], box["y"] + 0.4 * box["height"])
        await expect(page.locator(".item.time dd")).to_have_text(re.compile(r"^\d\d:\d\d, measured$"))
        await page.get_by_text("The plan as a table").click()
        await expect(page.locator("#plan-table tbody tr")).not_to_have_count(0)


async def test_a_limit_is_shaded_and_what_was_measured_can_be_saved(lively: FakeStation, server: Server, browser: Browser) -> None:
    span = Interval(start=NOW + timedelta(hours=2), end=NOW + timedelta(hours=4), value=80.0)
    kind = SignalKind.IMPORT_CAPACITY_LIMIT
    await lively.post_signal(Signal(signal_id="s", kind=kind, source="test", issued_at=NOW, intervals=(span,)))
    lively.price_spread = 2.0
    async with looking(browser, server, "/timeline") as page:
        await expect(page.locator("#plot .infolayer .annotation-text", has_text="Import limit")).to_be_attached(timeout=20_000)
        filled = await page.locator("#plot").evaluate("plot => plot.data.filter(d => d.fill === 'tonexty').map(d => d.name)")
        assert filled == ["import_high", "price_high"], "bands of what is not sure"
        await page.get_by_text("What was measured as a table").click()
        await expect(page.locator("#past-table tbody tr")).not_to_have_count(0)
        async with page.expect_download() as download:
            await page.locator("button[data-export=past-table]").click()
        assert (await download.value).suggested_filename == "past-table.csv"
