"""The page "timeline" in a real browser, through the real server."""

import re

import pytest
from playwright.async_api import Browser, expect

from adapters.web import Server
from tests.adapters.web.browsing import PLOT, looking

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
