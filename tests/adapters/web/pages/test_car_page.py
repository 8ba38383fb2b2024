"""The driver's page in a real browser, through the real server."""

import re
from datetime import timedelta

import pytest
from playwright.async_api import Browser, Page, expect

from adapters.web import Server
from tests.adapters.web.pages.browsing import LINKS_KEY, PHONE, overflow, too_small
from tests.support.fake_station import OFFLINE_EVSE, FakeStation
from v2g.outlet_links import OutletLinks
from v2g.session import Wishes

# One browser for all: starting it takes longer than most of what it is asked.
pytestmark = pytest.mark.asyncio(loop_scope="module")


async def opened(browser: Browser, server: Server, station: FakeStation, evse_id: str, language: str) -> Page:
    context = await browser.new_context(viewport=PHONE, locale=language, is_mobile=True, has_touch=True)
    page = await context.new_page()
    links = OutletLinks(LINKS_KEY, (evse.evse_id for evse in station.site.evses))
    await page.goto(f"{server.url}car/{links.token(evse_id)}")
    return page


def taken(station: FakeStation) -> str:
    """Return an outlet that can give back, with a car at it."""
    able = {evse.evse_id for evse in station.site.evses if evse.discharge_max_kw > 0}
    return next(s.evse_id for s in station.observation().evses if s.session and s.online and not s.fault and s.evse_id in able)


@pytest.mark.parametrize(("language", "told", "yes"), [("en-GB", "Ready|ready|missing", "Yes"), ("zh-CN", "充好|将缺", "可以")])
async def test_three_taps_say_when_how_much_and_whether_it_may_give_back(
    lively: FakeStation, server: Server, browser: Browser, language: str, told: str, yes: str
) -> None:
    evse_id = taken(lively)
    page = await opened(browser, server, lively, evse_id, language)
    await expect(page.locator("h1")).to_have_text(re.compile(told))
    await page.locator("#leave-choices button").nth(2).tap()
    await page.locator("#need-choices button").nth(1).tap()
    await page.locator("#give-choices").get_by_role("button", name=yes, exact=True).tap()
    for name in ("leave", "need", "give"):
        await expect(page.locator(f"#{name}-choices [aria-pressed=true]")).to_have_count(1)
    (wishes,) = lively.wishes.values()
    assert wishes.discharge_consent
    assert wishes.departure is not None
    assert timedelta(hours=3.5) < wishes.departure - lively.now() < timedelta(hours=4.5)
    session = next(s.session for s in lively.observation().evses if s.evse_id == evse_id)
    assert session is not None
    assert wishes.energy_kwh == pytest.approx(session.charged_kwh + 20.0, abs=1.0)
    assert await overflow(page) <= 0
    assert await too_small(page) == []


@pytest.mark.parametrize(
    ("language", "hers", "late"), [("en-GB", "Another phone speaks", "within 15 min"), ("zh-CN", "另一部手机", "插枪后 15 分钟内")]
)
async def test_a_second_phone_looks_on_and_a_late_one_is_told_what_to_do(
    lively: FakeStation, server: Server, browser: Browser, language: str, hers: str, late: str
) -> None:
    await lively.set_wishes(taken(lively), Wishes())
    first = await opened(browser, server, lively, taken(lively), language)
    await expect(first.locator("#late")).to_contain_text(late)
    await expect(first.locator("#give-choices button").first).to_be_disabled()
    await first.locator("#need-choices button").first.tap()
    await expect(first.locator("#need-choices [aria-pressed=true]")).to_have_count(1)
    second = await opened(browser, server, lively, taken(lively), language)
    await expect(second.locator("#other-phone")).to_contain_text(hers)
    await expect(second.locator("#wishes")).to_be_hidden()
    await expect(first.locator("#other-phone")).to_be_hidden()


async def test_a_wrong_code_an_empty_outlet_and_one_out_of_order_are_said(
    lively: FakeStation, server: Server, browser: Browser
) -> None:
    page = await opened(browser, server, lively, OFFLINE_EVSE, "en-GB")
    await expect(page.locator("h1")).to_have_text("This outlet is out of order. Please take another.")
    lively.occupied = False
    page = await opened(browser, server, lively, "A01", "en-GB")
    await expect(page.locator("h1")).to_have_text("Plug your car in, and it will be planned for.")
    await expect(page.locator("#wishes")).to_be_hidden()
    await page.goto(f"{server.url}car/{'a' * 24}")
    await expect(page.locator("h1")).to_have_text("This code belongs to no outlet here. Scan it again.")
