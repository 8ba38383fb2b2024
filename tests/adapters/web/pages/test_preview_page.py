"""The page "prices" asked what would happen: steps dragged, answers seen, a price found and published; in a real browser."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from adapters.clock import AcceleratedClock
from adapters.web import Server
from tests.adapters.web.conftest import NOW, WORLD
from tests.adapters.web.pages.browsing import DESKTOP, LIVE, PHONE, looking, overflow, serving, too_small
from tests.support.fake_accounts import FakeAccounts, password_of
from tests.support.fake_station import FakeStation
from tests.support.station_previews import station_previews
from v2g.signals import SignalKind

pytestmark = pytest.mark.asyncio(loop_scope="module")

FRESH = "#response-told:not(.stale)"


@pytest.fixture
def still() -> FakeStation:
    return FakeStation(AcceleratedClock(NOW, speed=1.0), world=WORLD)


@pytest_asyncio.fixture(loop_scope="module")
async def asked(still: FakeStation) -> AsyncIterator[Server]:
    async with serving(still, previews=station_previews(still)) as running:
        yield running


async def drag(page: Page, hours: tuple[int, int], height: float) -> None:
    """Drag from one hour's step to another's, up to a share of the editor's height from its top."""
    first, last = [await page.locator(f"[data-hour='{hour}'] .column").bounding_box() for hour in hours]
    assert first is not None
    assert last is not None
    await page.mouse.move(first["x"] + first["width"] / 2, first["y"] + first["height"] * 0.7)
    await page.mouse.down()
    await page.mouse.move(first["x"] + first["width"] / 2, first["y"] + first["height"] * height, steps=3)
    await page.mouse.move(last["x"] + last["width"] / 2, first["y"] + first["height"] * height, steps=4)
    await page.mouse.up()


@pytest.mark.parametrize(("language", "less", "energy"), [("en-GB", "less", "Energy in the window"), ("zh-CN", "少", "时段内电量")])
async def test_who_logs_in_drags_a_price_sees_what_it_would_do_publishes_it_and_the_plan_changes(
    still: FakeStation, browser: Browser, language: str, less: str, energy: str
) -> None:
    context = await browser.new_context(viewport=DESKTOP, locale=language)
    page = await context.new_page()
    async with serving(still, accounts=FakeAccounts(), previews=station_previews(still)) as server:
        await page.goto(f"{server.url}prices")
        await page.wait_for_url("**/login?next=%2Fprices")
        await page.fill("#name", "grid_operator")
        await page.fill("#password", password_of("grid_operator"))
        await page.click("#login-go")
        await expect(page.locator("#connection")).to_have_text(LIVE[language], timeout=20_000)
        await expect(page.locator("#response-empty")).to_be_visible()
        await drag(page, (3, 4), 0.2)
        await expect(page.locator(FRESH)).to_be_visible()
        await expect(page.locator("#response-figures")).to_contain_text(energy)
        await expect(page.locator("#response-figures dd strong").nth(1)).to_contain_text("\u2212")
        await expect(page.locator("#response-words")).to_contain_text(less)
        record = still.latest()
        assert record is not None
        await expect(page.locator("#response-table tbody tr")).to_have_count(record.plan.grid.n_steps)
        assert not still.posted, "a preview publishes nothing"
        publish = page.locator("#draft-submit")
        await expect(publish).to_be_disabled()
        await page.locator("#draft-reason").fill("evening peak")
        await publish.click()
        await expect(page.locator("#signals .signal")).to_contain_text("evening peak")
        (signal,) = still.signals()
        dear = signal.intervals[0].value
        assert (signal.kind, len(signal.intervals)) == (SignalKind.PRICE, 1)
        assert dear > 1.5
        await expect(page.locator("[data-hour='3']")).to_have_attribute("aria-valuenow", str(dear))  # the plan has it now
        await expect(page.locator("#response-empty")).to_be_visible()
        await page.locator("#toast-undo").click()
        await expect(page.locator("#signals .signal")).to_have_count(0)
        await context.close()


async def test_steps_are_changed_by_keyboard_and_by_numbers_and_taken_back(asked: Server, browser: Browser) -> None:
    async with looking(browser, asked, "/prices") as page:
        hour = page.locator("[data-hour='2']")
        await page.locator("[data-hour='0']").focus()
        await page.keyboard.press("ArrowRight")
        await page.keyboard.press("ArrowRight")
        await expect(hour).to_be_focused()
        before = float(await hour.get_attribute("aria-valuenow") or "nan")
        await page.keyboard.press("PageUp")
        assert float(await hour.get_attribute("aria-valuenow") or "nan") > before
        await expect(hour).to_have_attribute("aria-valuetext", "¥1.60/kWh, today ¥1.09/kWh")
        await page.keyboard.press("Delete")
        assert float(await hour.get_attribute("aria-valuenow") or "nan") == pytest.approx(before)
        await page.get_by_role("button", name="Limit", exact=True).click()
        await page.get_by_text("As a table").first.click()
        box = page.locator("#steps-rows input").nth(1)
        await box.fill("60")
        await box.press("Enter")
        await expect(page.locator("[data-hour='1']")).to_have_attribute("aria-valuetext", "60.0\u00a0kW, today 300\u00a0kW")
        await expect(page.locator(FRESH)).to_be_visible()
        await expect(page.locator("#response-figures")).to_contain_text("no price changes")
        await page.get_by_role("button", name="Take all back").click()
        await expect(page.locator("#response-empty")).to_be_visible()


async def test_the_band_of_a_price_that_is_not_sure_is_drawn(still: FakeStation, asked: Server, browser: Browser) -> None:
    still.price_spread = 2.0
    async with looking(browser, asked, "/prices") as page:
        await expect(page.locator("#editor .band.price")).to_have_count(await page.locator("[data-hour]").count())
        await page.get_by_role("button", name="Limit", exact=True).click()
        await expect(page.locator("#editor .band")).to_have_count(0)


async def test_a_price_is_found_or_it_is_said_that_none_does(asked: Server, browser: Browser) -> None:
    async with looking(browser, asked, "/prices") as page:
        await page.locator("#find-target").fill("oops")
        await page.locator("#find-submit").click()
        await expect(page.locator("#find-error")).to_contain_text("as numbers")
        await page.locator("#find-from").select_option(index=3)
        await page.locator("#find-to").select_option(index=4)
        await page.locator("#find-target").fill("-900")
        await page.locator("#find-most").fill("9")
        await page.locator("#find-submit").click()
        await expect(page.locator("#find-answer")).to_contain_text("No price does: even at ¥9.00/kWh", timeout=15_000)
        await page.locator("#find-target").fill("165")
        await page.locator("#find-submit").click()
        await expect(page.locator("#find-answer")).to_contain_text("does: at most", timeout=15_000)
        await page.locator("#find-take").click()
        await expect(page.locator("[data-hour='3']")).to_have_class("hour changed price")
        await expect(page.locator(FRESH)).to_be_visible()


@pytest.mark.parametrize(("size", "language"), [(DESKTOP, "en-GB"), (PHONE, "zh-CN")])
async def test_the_surface_is_worked_out_and_a_cell_goes_into_the_draft(
    asked: Server, browser: Browser, size: dict[str, int], language: str
) -> None:
    async with looking(browser, asked, "/prices", size, language) as page:
        await page.locator("#surface-begin").click()
        await expect(page.locator("#surface-progress")).to_be_visible()
        await page.locator("#surface-cancel").click()
        await expect(page.locator("#surface-begin")).to_be_visible(timeout=15_000)
        await expect(page.locator("#surface-told")).to_be_hidden()
        await page.locator("#surface-begin").click()
        await expect(page.locator("#surface-table tbody tr").first).to_be_visible(timeout=25_000)
        await page.locator("#surface-table tbody tr").nth(2).locator("button").last.click()
        await expect(page.locator("[data-hour='2']")).to_have_class("hour changed price")
        await expect(page.locator(FRESH)).to_be_visible()
        assert await overflow(page) <= 0
        assert await too_small(page) == []
