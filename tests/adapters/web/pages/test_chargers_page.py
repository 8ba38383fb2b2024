"""The page "chargers" in a real browser, through the real server."""

import re
from datetime import timedelta

import pytest
from playwright.async_api import Browser, expect

from adapters.clock import AcceleratedClock
from adapters.web import Server
from tests.adapters.web.conftest import NOW
from tests.adapters.web.pages.browsing import PHONE, looking, overflow, serving
from tests.support.fake_orders import FakeOverrides
from tests.support.fake_station import STALE_EVSE, FakeStation
from tests.support.fake_world import ASSETS, World
from v2g.overrides import OverrideKind

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


async def test_an_outlet_is_paused_with_a_reason_and_an_end_and_that_is_undone(lively: FakeStation, browser: Browser) -> None:
    orders = FakeOverrides(lively)
    async with serving(lively, overrides=orders) as server, looking(browser, server, "/chargers") as page:
        card = page.locator(".charger", has=page.get_by_role("heading", name="A01", exact=True))
        await card.get_by_role("button", name="Order…").click()
        dialog = page.locator("#steer-dialog")
        await expect(dialog).to_contain_text("It neither charges nor gives back.")
        await dialog.get_by_role("button", name="30 min").click()
        await dialog.get_by_label("Reason").fill("<b>cable</b> check")
        await dialog.get_by_role("button", name="Do it").click()
        await expect(page.locator("#toast")).to_contain_text("A01 has its order.")
        (order,) = orders.active()
        assert (order.kind, order.reason, order.evse_id) == (OverrideKind.PAUSE, "<b>cable</b> check", "A01")
        assert timedelta(minutes=25) < order.until - order.issued_at <= timedelta(minutes=31)
        await page.get_by_role("button", name="Undo").click()
        await expect(page.locator("#toast")).to_contain_text("The order of A01 is over.")
        assert not orders.active()


async def test_wishes_are_set_for_a_driver_and_undone(lively: FakeStation, server: Server, browser: Browser) -> None:
    evse_id = next(s.evse_id for s in lively.observation().evses if s.session and s.online)
    async with looking(browser, server, "/chargers", PHONE, "zh-CN") as page:
        card = page.locator(".charger", has=page.get_by_role("heading", name=evse_id, exact=True))
        await card.get_by_role("button", name="人工干预").tap()
        dialog = page.locator("#steer-dialog")
        await dialog.get_by_role("button", name="需求").tap()
        await dialog.get_by_label("自插枪起的电量").fill("7.5")
        await dialog.get_by_role("button", name="执行").tap()
        await expect(page.locator("#toast")).to_contain_text("需求已更新")
        (wishes,) = lively.wishes.values()
        assert wishes.energy_kwh == 7.5
        async with page.expect_response(re.compile("/wishes$")):
            await page.get_by_role("button", name="撤销").tap()
        await expect(page.locator("#toast")).to_be_hidden()
        assert next(iter(lively.wishes.values())).energy_kwh is None


async def test_the_drivers_code_of_an_outlet_is_shown_to_print(server: Server, browser: Browser) -> None:
    async with looking(browser, server, "/chargers") as page:
        await page.get_by_role("button", name="Driver's code").first.click()
        await expect(page.locator("#code-url")).to_have_text(re.compile(r"/car/[a-z2-7]{24}$"))
        assert await page.locator("#code-image").evaluate("image => image.complete && image.naturalWidth > 100")
