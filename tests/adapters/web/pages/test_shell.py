"""What all pages share, in a real browser through the real server."""

import pytest
from playwright.async_api import Browser

from adapters.web import Server
from adapters.web.pages import PAGES, Page
from tests.adapters.web.pages.browsing import DESKTOP, LANGUAGES, PHONE, looking, overflow, too_small

# One browser for all: starting it takes longer than most of what it is asked.
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize("page", [page for page in PAGES if page.listed], ids=lambda page: page.name)
async def test_every_page_opens_in_both_languages_on_a_desk_and_a_phone(page: Page, server: Server, browser: Browser) -> None:
    for size in (DESKTOP, PHONE):
        for language in LANGUAGES:
            async with looking(browser, server, page.path, size, language) as opened:
                assert await opened.locator("html").get_attribute("lang") == language[:2]
                assert await opened.locator("nav [aria-current=page]").count() == 1
                assert await opened.locator("h1").count() == 1
                assert await overflow(opened) <= 0
                assert size is DESKTOP or await too_small(opened) == []
