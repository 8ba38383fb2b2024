"""The page "prices" in a real browser, through the real server."""

from datetime import timedelta

import pytest
from playwright.async_api import Browser, expect

from adapters.clock import AcceleratedClock
from adapters.web import Server
from tests.adapters.web.conftest import NOW, WORLD
from tests.adapters.web.pages.browsing import DESKTOP, PHONE, looking, overflow, serving
from tests.support.fake_station import FakeStation
from v2g.signal_bounds import CALLS
from v2g.signals import Contract, Interval, Signal, SignalKind

# One browser for all: starting it takes longer than most of what it is asked.
pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_price_curve_is_previewed_published_seen_and_taken_back(
    lively: FakeStation, server: Server, browser: Browser
) -> None:
    async with looking(browser, server, "/prices") as page:
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
        (signal,) = lively.signals()
        assert (signal.kind, [i.value for i in signal.intervals]) == (SignalKind.PRICE, [0.31, 0.31, 2.5])
        assert signal.intervals[0].start == NOW.replace(hour=5, minute=0)
        await item.get_by_role("button", name="Withdraw").click()
        assert lively.signals()
        await item.get_by_role("button", name="Yes, withdraw").click()
        await expect(item).to_have_count(0)
        assert not lively.signals()
        await page.get_by_role("button", name="Undo").click()
        await expect(item).to_have_count(1)
        assert lively.signals()


async def test_a_call_is_published_with_its_contract_and_what_it_changes_is_told(
    lively: FakeStation, server: Server, browser: Browser
) -> None:
    async with looking(browser, server, "/prices") as page:
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
        (signal,) = lively.signals()
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
        await page.goto(f"{server.url}prices")
        await expect(page.locator("#effect-why")).to_have_text("It could not be worked out: busy")
        await page.unroute("**/api/plan/effect")
        await page.get_by_role("button", name="Try again").click()
        await expect(page.locator("#effect-lines")).to_contain_text("12.5\u00a0kWh")
        await context.close()


async def test_until_a_plan_was_made_under_a_signal_its_effect_is_awaited(
    lively: FakeStation, server: Server, browser: Browser
) -> None:
    lively.plans_on_signals = False
    async with looking(browser, server, "/prices") as page:
        await expect(page.locator("#effect")).to_be_hidden()
        await page.locator("#form-values").fill("0.9")
        await page.locator("#form-submit").click()
        await expect(page.locator("#effect-loading")).to_be_visible()
        lively.plans_on_signals = True
        await expect(page.locator("#effect-lines")).to_contain_text("12.5\u00a0kWh")


def a_price(signal_id: str) -> Signal:
    span = Interval(start=NOW, end=NOW + timedelta(hours=3), value=0.9)
    return Signal(signal_id=signal_id, kind=SignalKind.PRICE, source="test", issued_at=NOW, intervals=(span,))


async def test_all_kinds_are_offered_and_calls_are_published_on_a_phone(
    lively: FakeStation, server: Server, browser: Browser
) -> None:
    async with looking(browser, server, "/prices", PHONE, "zh-CN") as page:
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
        assert {signal.kind for signal in lively.signals()} == published


async def test_what_the_server_refuses_is_told(lively: FakeStation, server: Server, browser: Browser) -> None:
    context = await browser.new_context(viewport=DESKTOP)
    page = await context.new_page()
    await page.goto(f"{server.url}prices")
    await page.locator("#form-start").fill((NOW - timedelta(days=2)).strftime("%Y-%m-%dT%H:00"))
    await page.locator("#form-values").fill("0.5")
    await page.locator("#form-submit").click()
    await expect(page.locator("#form-error")).to_contain_text("the signal is over already")
    await page.locator("#form-values").fill("5000")
    await expect(page.locator("#form-error")).to_contain_text("¥5,000.00/kWh is out of bounds")
    assert not lively.signals()
    await context.close()
