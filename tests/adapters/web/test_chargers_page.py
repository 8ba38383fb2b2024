"""The page "chargers" in a real browser, through the real server."""

import re

import pytest
from playwright.async_api import Browser, expect

from adapters.clock import AcceleratedClock
from adapters.web import Server
from tests.adapters.web.browsing import PHONE, looking, overflow, serving
from tests.adapters.web.conftest import NOW
from tests.support.fake_station import STALE_EVSE, FakeStation
from tests.support.fake_world import ASSETS, World

# One browser for all: starting it takes longer than most of what it is asked.
pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_every_charger_has_a_card_with_its_reason(lively: FakeStation, server: Server, browser: Browser) -> None:
    async with looking(browser, server, "/chargers") as page:
        await expect(page.locator(".charger")).to_have_count(len(lively.site.evses))
        for card in await page.locator(".charger").all():
            assert await card.locator(".why").inner_text()
        stale = page.locator(".charger.stale", has=page.get_by_role("heading", name=STALE_EVSE, exact=True))
        await expect(stale).to_contain_text("2 min old")
        await page.get_by_role("button", name="Needs attention").click()
        await expect(page.locator(".charger", has_text="Not connected")).to_have_count(1)
        assert await page.locator(".charger").count() < len(lively.site.evses)


async def test_a_promise_tells_its_chance_and_its_cost(lively: FakeStation, server: Server, browser: Browser) -> None:
    lively.foresees = True
    async with looking(browser, server, "/chargers") as page:
        ready = page.locator(".charger", has_text="99\u202f% likely ready on leaving").first
        await expect(ready).to_contain_text("costs at most ¥9.10")


async def test_batteries_and_assets_have_cards_in_both_languages(browser: Browser) -> None:
    equipped = FakeStation(AcceleratedClock(NOW, speed=20.0), world=World(NOW, assets=ASSETS))
    async with serving(equipped) as server, looking(browser, server, "/chargers", PHONE) as page:
        cards = page.locator("#assets .asset")
        await expect(cards).to_have_count(5)
        await expect(page.locator(".asset.electrolyser")).to_contain_text("6.0\u00a0kg of 20.0\u00a0kg hydrogen today")
        await expect(page.locator(".asset.flexible_load")).to_contain_text("Draws less now at 1.090 CNY/kWh")
        await expect(page.locator(".asset.battery")).to_contain_text("58\u202f% full")
        assert await overflow(page) <= 0
        await page.get_by_role("button", name="中文").tap()
        for card in await cards.all():
            await expect(card.locator(".why")).to_have_text(re.compile("[\u4e00-\u9fff]"))
        assert await overflow(page) <= 0


async def test_without_batteries_and_assets_nothing_is_said_of_them(browser: Browser) -> None:
    bare = FakeStation(AcceleratedClock(NOW, speed=20.0), world=World(NOW, batteries=False))
    async with serving(bare) as server, looking(browser, server, "/chargers") as page:
        await expect(page.locator(".charger")).not_to_have_count(0)
        await expect(page.locator("#assets-section")).to_be_hidden()
