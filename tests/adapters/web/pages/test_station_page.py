"""The page "station" in a real browser, through the real server."""

import re

import pytest
from playwright.async_api import Browser, expect

from adapters.web import Server
from tests.adapters.web.pages.browsing import DESKTOP, looking, overflow, serving
from tests.support.fake_station import OFFLINE_EVSE, FakeStation, restated
from v2g.alarm import Alarm, AlarmCode
from v2g.solution import Rung
from v2g.station import Condition

# One browser for all: starting it takes longer than most of what it is asked.
pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_it_says_how_the_station_is_with_units(lively: FakeStation, server: Server, browser: Browser) -> None:
    lively.alarms = (Alarm(code=AlarmCode.NOT_CONNECTED, unit_id=OFFLINE_EVSE),)
    async with looking(browser, server, "/") as page:
        await expect(page.locator("#sentence-power")).to_have_text(re.compile(r"^Charging \d+ cars.*: .*\skW\.$"))
        await expect(page.locator("#power-max")).to_have_text("limit 300\u00a0kW")
        for name in ("charging", "giving", "building", "pv", "battery"):
            await expect(page.locator(f".tile.{name} strong")).to_have_text(re.compile(r"^[\d.]+\u00a0kW$"))
        await expect(page.locator(".tile.price strong")).to_have_text("¥1.09/kWh")
        await expect(page.locator("#speed")).to_have_text("clock runs ×20")
        await expect(page.locator("#alarm-list")).to_contain_text(f"Charger {OFFLINE_EVSE} is not connected")
        await expect(page.locator("#alarm-list")).to_contain_text("Check its power and network")
        await expect(page.locator("#solver-facts")).to_contain_text("Optimal")
        assert await overflow(page) <= 0
        card = await page.locator(".tile").first.element_handle()
        before = await page.locator("#clock").get_attribute("datetime")
        await expect(page.locator("#clock")).not_to_have_attribute("datetime", str(before))
        assert card is not None
        assert await card.evaluate("node => node.isConnected"), "a tile is kept, not made anew"


async def test_nobody_there_no_plan_yet_and_trouble_are_said_in_words(
    lively: FakeStation, server: Server, browser: Browser
) -> None:
    lively.ticking = lively.occupied = False
    async with looking(browser, server, "/") as page:
        await expect(page.locator("#sentence")).to_have_text(
            re.compile(r"^No car is plugged in: .*\s+The first plan is being made\.$")
        )
        lively.ticking, lively.alive, lively.rung, lively.reason = True, False, Rung.RULE, "no answer within 10 s"
        restated(lively, "solver", Condition.DOWN, "no answer")
        await expect(page.locator("#sentence-promise")).to_contain_text("The control loop has stopped")
        await expect(page.locator("#alarm-list")).to_contain_text("The solver does not answer (no answer)")
        await expect(page.locator("#solver-facts")).to_contain_text("By rule: the most urgent first")
        await expect(page.locator("#solver-facts")).to_contain_text("no answer within 10 s")


async def test_many_alarms_of_one_kind_are_one_line(lively: FakeStation, server: Server, browser: Browser) -> None:
    lively.occupied = False
    units = [evse.evse_id for evse in lively.site.evses][:5]
    lively.alarms = (
        *(Alarm(code=AlarmCode.NOT_CONNECTED, unit_id=unit) for unit in units),
        Alarm(code=AlarmCode.REFUSED, unit_id="A01"),
    )
    async with looking(browser, server, "/") as page:
        lines = page.locator("#alarm-list li")
        await expect(lines).to_have_count(2)
        await expect(lines.first).to_contain_text(f"5 × Charger is not connected: {', '.join(units)}")
        await expect(page.locator("nav .count")).to_have_text("2")
        await expect(page.locator("#sentence-promise")).to_have_text("Nobody waits for energy.")


async def test_a_lost_connection_is_said_and_the_page_comes_back(station: FakeStation, browser: Browser) -> None:
    context = await browser.new_context(viewport=DESKTOP)
    page = await context.new_page()
    async with serving(station) as first:
        await page.goto(first.url)
        await expect(page.locator("#connection")).to_have_text("Live")
    await expect(page.locator("#connection")).to_contain_text("Connection lost", timeout=10_000)
    await expect(page.locator("main")).to_have_class("old")
    async with serving(station, port=first.port):
        await expect(page.locator("#connection")).to_have_text("Live", timeout=15_000)
        await expect(page.locator("main")).not_to_have_class("old")
        await context.close()


async def test_both_languages(server: Server, browser: Browser) -> None:
    async with looking(browser, server, "/", DESKTOP, "zh-CN") as page:
        await expect(page.locator("#sentence-power")).to_contain_text("辆车充电")
        await expect(page.locator("html")).to_have_attribute("lang", "zh")
        await page.get_by_role("button", name="English").click()
        await expect(page.locator("#sentence-power")).to_contain_text("Charging")
        await expect(page.locator("#solver-title")).to_have_text("How the plan was made")
        await page.reload()
        await expect(page.locator("#solver-title")).to_have_text("How the plan was made")


async def test_the_feeder_tree_and_what_comes_next_are_told(lively: FakeStation, server: Server, browser: Browser) -> None:
    lively.alarms = (Alarm(code=AlarmCode.NOT_CONNECTED, unit_id=OFFLINE_EVSE),)
    async with looking(browser, server, "/") as page:
        await expect(page.locator("#tree li")).to_have_count(len(lively.site.circuits))
        await expect(page.locator("#tree li").first).to_contain_text("of 300\u00a0kW")
        await expect(page.locator("#next li")).not_to_have_count(0)
        await expect(page.locator("#next")).to_contain_text(re.compile("leaves, (ready|short)|The price becomes"))
        await expect(page.locator("nav .count")).to_have_attribute("aria-label", re.compile(r"^\d+ need attention$"))
