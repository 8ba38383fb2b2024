"""The page in a real browser, through the real server."""

import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from adapters.clock import AcceleratedClock
from adapters.web import Server
from tests.adapters.web.conftest import NOW, WORLD
from tests.adapters.web.test_live import serving
from tests.support.fake_station import OFFLINE_EVSE, STALE_EVSE, FakeStation, restated
from tests.support.fake_world import ASSETS, World
from v2g.alarm import Alarm, AlarmCode
from v2g.signal_bounds import CALLS
from v2g.signals import Contract, Interval, Signal, SignalKind
from v2g.solution import Rung
from v2g.station import Condition

# One browser for all: starting it takes longer than most of what it is asked.
pytestmark = pytest.mark.asyncio(loop_scope="module")

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
PLOT = "#plot.js-plotly-plot .scatterlayer"


@pytest.fixture
def station() -> FakeStation:
    return FakeStation(AcceleratedClock(NOW, speed=20.0), world=WORLD)


@pytest_asyncio.fixture(loop_scope="module")
async def server(station: FakeStation) -> AsyncIterator[Server]:
    async with serving(station) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield launched
        await launched.close()


@asynccontextmanager
async def looking(browser: Browser, server: Server, size: dict[str, int], language: str = "en-GB") -> AsyncIterator[Page]:
    """Open the page, and fail on anything the browser complains of."""
    context = await browser.new_context(viewport=size, locale=language, is_mobile=size is PHONE, has_touch=size is PHONE)
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(server.url)
    await expect(page.locator("#connection")).to_have_text("Live" if language == "en-GB" else "实时", timeout=20_000)
    yield page
    assert complaints == []
    await context.close()


async def overflow(page: Page) -> int:
    width: int = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return width


async def test_it_says_how_the_station_is_with_units(station: FakeStation, server: Server, browser: Browser) -> None:
    station.alarms = (Alarm(code=AlarmCode.NOT_CONNECTED, unit_id=OFFLINE_EVSE),)
    async with looking(browser, server, DESKTOP) as page:
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
        card = await page.locator(".charger").first.element_handle()
        before = await page.locator("#clock").get_attribute("datetime")
        await expect(page.locator("#clock")).not_to_have_attribute("datetime", str(before))
        assert card is not None
        assert await card.evaluate("node => node.isConnected"), "a card is kept, not made anew"


async def test_every_charger_has_a_card_with_its_reason(station: FakeStation, server: Server, browser: Browser) -> None:
    async with looking(browser, server, DESKTOP) as page:
        await expect(page.locator(".charger")).to_have_count(len(station.site.evses))
        for card in await page.locator(".charger").all():
            assert await card.locator(".why").inner_text()
        stale = page.locator(".charger.stale", has=page.get_by_role("heading", name=STALE_EVSE, exact=True))
        await expect(stale).to_contain_text("2 min old")
        await page.get_by_role("button", name="Needs attention").click()
        await expect(page.locator(".charger", has_text="Not connected")).to_have_count(1)
        assert await page.locator(".charger").count() < len(station.site.evses)


async def test_a_promise_tells_its_chance_and_its_cost(station: FakeStation, server: Server, browser: Browser) -> None:
    station.foresees = True
    async with looking(browser, server, DESKTOP) as page:
        ready = page.locator(".charger", has_text="99\u202f% likely ready on leaving").first
        await expect(ready).to_contain_text("costs at most ¥9.10")


async def test_batteries_and_assets_have_cards_in_both_languages_and_their_own_colour_in_the_timeline(browser: Browser) -> None:
    equipped = FakeStation(AcceleratedClock(NOW, speed=20.0), world=World(NOW, assets=ASSETS))
    async with serving(equipped) as server, looking(browser, server, PHONE) as page:
        cards = page.locator("#assets .asset")
        await expect(cards).to_have_count(5)
        await expect(page.locator(".asset.electrolyser")).to_contain_text("6.0\u00a0kg of 20.0\u00a0kg hydrogen today")
        await expect(page.locator(".asset.flexible_load")).to_contain_text("Draws less now at 1.090 CNY/kWh")
        await expect(page.locator(".asset.battery")).to_contain_text("58\u202f% full")
        await expect(page.locator(".tile.assets strong")).to_have_text("68.0\u00a0kW")
        await expect(page.locator(".item.assets dd")).to_have_text("68.0\u00a0kW")
        await expect(page.locator(".tile.battery strong")).to_have_text(re.compile(r"^18.0\u00a0kW$"))
        assert await overflow(page) <= 0
        await page.get_by_role("button", name="中文").tap()
        for card in await cards.all():
            await expect(card.locator(".why")).to_have_text(re.compile("[\u4e00-\u9fff]"))
        assert await overflow(page) <= 0


async def test_without_batteries_and_assets_nothing_is_said_of_them(browser: Browser) -> None:
    bare = FakeStation(AcceleratedClock(NOW, speed=20.0), world=World(NOW, batteries=False))
    async with serving(bare) as server, looking(browser, server, DESKTOP) as page:
        await expect(page.locator(".tile.charging")).to_have_count(1)
        await expect(page.locator("#assets-section")).to_be_hidden()
        await expect(page.locator(".tile.assets, .item.assets, .tile.battery")).to_have_count(0)


async def test_pointing_at_the_plan_reads_its_values(server: Server, browser: Browser) -> None:
    async with looking(browser, server, DESKTOP) as page:
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


async def test_both_languages(server: Server, browser: Browser) -> None:
    async with looking(browser, server, DESKTOP, "zh-CN") as page:
        await expect(page.locator("#sentence-power")).to_contain_text("辆车充电")
        await expect(page.locator("html")).to_have_attribute("lang", "zh")
        await page.get_by_role("button", name="English").click()
        await expect(page.locator("#sentence-power")).to_contain_text("Charging")
        await expect(page.locator("#chargers-title")).to_have_text("Chargers")
        await page.reload()
        await expect(page.locator("#chargers-title")).to_have_text("Chargers")


async def test_a_price_curve_is_previewed_published_seen_and_taken_back(
    station: FakeStation, server: Server, browser: Browser
) -> None:
    async with looking(browser, server, DESKTOP) as page:
        publish = page.locator("#form-submit")
        await expect(publish).to_be_disabled()
        await page.locator("#form-values").fill("0.3 oops")
        await expect(page.locator("#form-error")).to_have_text("“oops” is no number.")
        await page.locator("#form-start").fill((NOW + timedelta(hours=8)).strftime("%Y-%m-%dT%H:00"))
        await page.locator("#form-values").fill("0.31, 0.31 2.5")
        await expect(page.locator("#preview-words")).to_contain_text("13:00 to 16:00, ¥0.31/kWh to ¥2.50/kWh")
        await page.locator("#form-reason").fill("evening peak")
        await publish.click()
        item = page.locator("#signals .signal")
        await expect(item).to_contain_text("evening peak")
        (signal,) = station.signals()
        assert (signal.kind, [i.value for i in signal.intervals]) == (SignalKind.PRICE, [0.31, 0.31, 2.5])
        assert signal.intervals[0].start == NOW.replace(hour=5, minute=0)
        await expect(page.locator(".tile.price strong")).to_have_text("¥0.31/kWh")
        await item.get_by_role("button", name="Withdraw").click()
        assert station.signals()
        await item.get_by_role("button", name="Yes, withdraw").click()
        await expect(item).to_have_count(0)
        assert not station.signals()
        await page.get_by_role("button", name="Undo").click()
        await expect(item).to_have_count(1)
        assert station.signals()


async def test_a_call_is_published_with_its_contract_and_what_it_changes_is_told(
    station: FakeStation, server: Server, browser: Browser
) -> None:
    async with looking(browser, server, DESKTOP) as page:
        await expect(page.locator("#form-terms")).to_be_hidden()
        await page.locator("#form-kind").select_option("DEMAND_REDUCTION")
        await page.locator("#form-values").fill("9000")
        error, publish = page.locator("#form-error"), page.locator("#form-submit")
        await expect(error).to_have_text("9,000\u00a0kW is out of bounds: give 0.0\u00a0kW to 450\u00a0kW.")
        await page.locator("#form-values").fill("40 40")
        await expect(error).to_contain_text("Say what the call pays or fines")
        await page.get_by_label("Pays (¥/kWh)").fill("3")
        await page.get_by_label("Fined below this share (%)").fill("150")
        await expect(error).to_have_text("Fined below this share: give 0 to 100 %.")
        await page.get_by_label("Fined below this share (%)").fill("50")
        await page.get_by_label("Most import afterwards (kW)").fill("80")
        await expect(error).to_contain_text("Give both")
        await expect(publish).to_be_disabled()
        await page.get_by_label("for how long").fill("1.5")
        await publish.click()
        await expect(page.locator("#signals .signal")).to_contain_text("pays ¥3.00/kWh, at most 80.0\u00a0kW for 1.5 h afterwards")
        (signal,) = station.signals()
        assert signal.contract == Contract(payment=3.0, owed_frac=0.5, rebound_cap_kw=80.0, rebound_h=1.5)
        await expect(page.locator("#effect-lines")).to_contain_text("12.5\u00a0kWh are used at other times.")
        await expect(page.locator("#effect-lines")).to_contain_text("2 cars do something else: A01, A02.")
        await expect(page.locator("#effect-lines")).to_contain_text("The plan costs ¥3.25 less.")
        await page.get_by_role("button", name="Undo").click()
        await expect(page.locator("#effect")).to_be_hidden()


async def test_what_cannot_be_worked_out_is_said_and_asked_again(browser: Browser) -> None:
    # At the wall's own pace no other plan comes to ask again by itself.
    station = FakeStation(AcceleratedClock(NOW, speed=1.0), world=WORLD)
    await station.post_signal(a_price("s"))
    context = await browser.new_context(viewport=DESKTOP)
    page = await context.new_page()
    await page.route("**/api/plan/effect", lambda route: route.fulfill(status=503, json={"detail": "busy", "status": 503}))
    async with serving(station) as server:
        await page.goto(server.url)
        await expect(page.locator("#effect-why")).to_have_text("It could not be worked out: busy")
        await page.unroute("**/api/plan/effect")
        await page.get_by_role("button", name="Try again").click()
        await expect(page.locator("#effect-lines")).to_contain_text("12.5\u00a0kWh")
        await context.close()


async def test_until_a_plan_was_made_under_a_signal_its_effect_is_awaited(
    station: FakeStation, server: Server, browser: Browser
) -> None:
    station.plans_on_signals = False
    async with looking(browser, server, DESKTOP) as page:
        await expect(page.locator("#effect")).to_be_hidden()
        await page.locator("#form-values").fill("0.9")
        await page.locator("#form-submit").click()
        await expect(page.locator("#effect-loading")).to_be_visible()
        station.plans_on_signals = True
        await expect(page.locator("#effect-lines")).to_contain_text("12.5\u00a0kWh")


def a_price(signal_id: str) -> Signal:
    span = Interval(start=NOW, end=NOW + timedelta(hours=3), value=0.9)
    return Signal(signal_id=signal_id, kind=SignalKind.PRICE, source="test", issued_at=NOW, intervals=(span,))


async def test_all_kinds_are_offered_and_calls_are_published_on_a_phone(
    station: FakeStation, server: Server, browser: Browser
) -> None:
    async with looking(browser, server, PHONE, "zh-CN") as page:
        kinds = await page.locator("#form-kind option").evaluate_all("options => options.map(o => o.value)")
        assert set(kinds) == set(SignalKind)
        published = {SignalKind.GHG, SignalKind.DISPATCH_SETPOINT, SignalKind.DEMAND_INCREASE, SignalKind.RESERVE_SYMMETRIC}
        for kind in published:
            await page.locator("#form-kind").select_option(kind)
            await page.locator("#form-values").fill("1")
            if kind in CALLS:
                await page.locator("#form-penalty").fill("2")
            await page.locator("#form-submit").tap()
            await expect(page.locator("#form-values")).to_have_value("")
            assert await overflow(page) <= 0
        assert {signal.kind for signal in station.signals()} == published


async def test_what_the_server_refuses_is_told(station: FakeStation, server: Server, browser: Browser) -> None:
    context = await browser.new_context(viewport=DESKTOP)
    page = await context.new_page()
    await page.goto(server.url)
    await page.locator("#form-start").fill((NOW - timedelta(days=2)).strftime("%Y-%m-%dT%H:00"))
    await page.locator("#form-values").fill("0.5")
    await page.locator("#form-submit").click()
    await expect(page.locator("#form-error")).to_contain_text("the signal is over already")
    await page.locator("#form-values").fill("5000")
    await expect(page.locator("#form-error")).to_contain_text("¥5,000.00/kWh is out of bounds")
    assert not station.signals()
    await context.close()


async def test_a_phone_shows_all_without_scrolling_sideways(server: Server, browser: Browser) -> None:
    async with looking(browser, server, PHONE) as page:
        for name in ("English", "中文"):
            await page.get_by_role("button", name=name).tap()
            assert await overflow(page) <= 0
        small = await page.evaluate(
            "[...document.querySelectorAll('button, select, input, summary')].filter(n => n.offsetHeight && n.offsetHeight < 44)"
            ".map(n => n.id || n.textContent)"
        )
        assert small == []


async def test_nobody_there_no_plan_yet_and_trouble_are_said_in_words(
    station: FakeStation, server: Server, browser: Browser
) -> None:
    station.ticking = station.occupied = False
    async with looking(browser, server, DESKTOP) as page:
        await expect(page.locator("#sentence")).to_have_text(
            re.compile(r"^No car is plugged in: .*\s+The first plan is being made\.$")
        )
        station.ticking, station.alive, station.rung, station.reason = True, False, Rung.RULE, "no answer within 10 s"
        restated(station, "solver", Condition.DOWN, "no answer")
        await expect(page.locator("#sentence-promise")).to_contain_text("The control loop has stopped")
        await expect(page.locator("#alarm-list")).to_contain_text("The solver does not answer (no answer)")
        await expect(page.locator("#solver-facts")).to_contain_text("By rule: the most urgent first")
        await expect(page.locator("#solver-facts")).to_contain_text("no answer within 10 s")


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
