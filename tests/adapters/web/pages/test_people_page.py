"""Logging in and administering, in a real browser through the real server."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from adapters.web import Server
from tests.adapters.web.pages.browsing import DESKTOP, LIVE, PHONE, overflow, serving, too_small
from tests.support.fake_accounts import FakeAccounts, password_of
from tests.support.fake_station import FakeStation

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture
def accounts() -> FakeAccounts:
    return FakeAccounts()


@pytest_asyncio.fixture(loop_scope="module")
async def guarded(lively: FakeStation, accounts: FakeAccounts) -> AsyncIterator[Server]:
    async with serving(lively, accounts=accounts) as running:
        yield running


@asynccontextmanager
async def opened(
    browser: Browser, server: Server, path: str, *, language: str = "en-GB", size: dict[str, int] = DESKTOP
) -> AsyncIterator[Page]:
    """Open a page as who is not logged in; what a script throws is a failure."""
    context = await browser.new_context(viewport=size, locale=language, is_mobile=size is PHONE, has_touch=size is PHONE)
    page = await context.new_page()
    thrown: list[str] = []
    page.on("pageerror", lambda error: thrown.append(str(error)))
    await page.goto(server.url.rstrip("/") + path)
    yield page
    assert thrown == []
    await context.close()


async def log_in(page: Page, name: str = "admin", password: str | None = None) -> None:
    await page.fill("#name", name)
    await page.fill("#password", password or password_of(name))
    await page.click("#login-go")


async def test_who_has_not_logged_in_is_asked_to_and_comes_back(guarded: Server, browser: Browser) -> None:
    async with opened(browser, guarded, "/chargers?x=1") as page:
        await page.wait_for_url("**/login?next=%2Fchargers%3Fx%3D1")
        await log_in(page, password="wrong")  # noqa: S106  # is what it says
        await expect(page.locator("#login-error")).to_have_text("The name or the password is wrong.")
        await log_in(page)
        await page.wait_for_url("**/chargers?x=1")
        await expect(page.locator("#connection")).to_have_text("Live", timeout=20_000)
        await expect(page.locator("#who")).to_contain_text("admin · Administrator")
        await page.click("#log-out")
        await page.wait_for_url("**/login")
        await page.goto(guarded.url)
        await page.wait_for_url("**/login?next=%2F")


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "/.//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
async def test_logging_in_leads_nowhere_else(guarded: Server, browser: Browser, elsewhere: str) -> None:
    async with opened(browser, guarded, f"/login?next={elsewhere}") as page:
        await log_in(page)
        await page.wait_for_url(lambda address: "/login" not in address)
        assert page.url.startswith(guarded.url)


@pytest.mark.parametrize(("language", "title"), [("en-GB", "Choose a password"), ("zh-CN", "设置密码")])
async def test_a_link_lets_one_choose_a_password(
    guarded: Server, browser: Browser, accounts: FakeAccounts, language: str, title: str
) -> None:
    link = await accounts.reinvite("viewer", by="test")
    assert link
    async with opened(browser, guarded, f"/login#link={link.text}", language=language, size=PHONE) as page:
        await expect(page.locator("#login-title")).to_have_text(title)
        assert link.text not in page.url
        assert await overflow(page) <= 0
        assert await too_small(page) == []
        await page.fill("#password", "several good words")
        await page.fill("#again", "several bad words")
        await page.click("#login-go")
        await expect(page.locator("#login-error")).not_to_be_empty()
        await page.fill("#again", "several good words")
        await page.click("#login-go")
        await expect(page.locator("#connection")).to_have_text(LIVE[language], timeout=20_000)
        await expect(page.locator("[data-nav=people]")).to_be_hidden()


async def test_a_link_opened_again_in_the_same_tab_still_works(guarded: Server, browser: Browser, accounts: FakeAccounts) -> None:
    link = await accounts.reinvite("viewer", by="test")
    assert link
    async with opened(browser, guarded, f"/login#link={link.text}") as page:
        await expect(page.locator("#login-title")).to_have_text("Choose a password")
        await page.reload()
        await expect(page.locator("#login-title")).not_to_have_text("Choose a password")
        await page.goto(f"{guarded.url.rstrip('/')}/login#link={link.text}")
        await expect(page.locator("#login-title")).to_have_text("Choose a password")


async def test_an_admin_invites_lowers_and_removes_people(guarded: Server, browser: Browser, accounts: FakeAccounts) -> None:
    async with opened(browser, guarded, "/login?next=/people") as page:
        await log_in(page)
        await page.fill("#invite-name", "张伟")
        await page.select_option("#invite-role", "operator")
        await page.click("#invite button")
        await expect(page.locator("#secret-value")).to_have_value(re.compile(r"/login#link=link-\d+$"))
        await page.click("#secret button")
        row = page.locator("#people tbody tr", has_text="张伟")
        await expect(row).to_contain_text("invited until")
        await row.locator("select").select_option("viewer")
        await expect(row.locator("select")).to_have_value("viewer")
        await row.get_by_role("button", name="Remove").click()
        await page.click("#sure button[value=cancel]")
        await expect(row).to_have_count(1)
        await row.get_by_role("button", name="Remove").click()
        await page.click("#sure button[value=ok]")
        await expect(row).to_have_count(0)
        last = page.locator("#people tbody tr").first
        await last.get_by_role("button", name="Remove").click()
        await page.click("#sure button[value=ok]")
        await expect(page.locator("#toast-text")).to_contain_text("make somebody else an admin first")
    assert [person.name for person in await accounts.people()] == ["admin", "grid_operator", "operator", "viewer"]


async def test_a_machines_token_is_shown_once(guarded: Server, browser: Browser, accounts: FakeAccounts) -> None:
    async with opened(browser, guarded, "/login?next=/people", language="zh-CN") as page:
        await log_in(page)
        await page.fill("#issue-name", "vtn")
        await page.select_option("#issue-role", "grid_operator")
        await page.click("#issue button")
        await expect(page.locator("#secret-value")).to_have_value(re.compile("."))
        token = await page.input_value("#secret-value")
        assert await accounts.by_token(token)
        await page.click("#secret button")
        assert token not in await page.content()
        row = page.locator("#machines tbody tr", has_text="vtn")
        await row.get_by_role("button", name="撤销").click()
        await page.click("#sure button[value=ok]")
        await expect(row).to_have_count(0)
    assert await accounts.by_token(token) is None
