"""The dialogs as axe-core sees them, and the pages by keyboard alone."""

import pytest
from playwright.async_api import Browser, expect

from adapters.web import Server
from tests.adapters.web.pages.browsing import faults, looking

# One browser for all: starting it takes longer than most of what it is asked.
pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_axe_finds_no_serious_fault_in_the_dialogs(server: Server, browser: Browser) -> None:
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
