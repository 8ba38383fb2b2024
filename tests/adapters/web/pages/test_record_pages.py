"""The pages of what was kept: results, forecasts, the audit log, settings; in a real browser, through the real server."""

import re

import pytest
from playwright.async_api import Browser, expect

from adapters.web import Server
from tests.adapters.web.pages.browsing import PLOT, looking
from tests.support.fake_station import FakeStation
from v2g.standing import Standing

# One browser for all: starting it takes longer than most of what it is asked.
pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_results_say_what_was_saved_and_can_be_taken_away(server: Server, browser: Browser) -> None:
    async with looking(browser, server, "/results") as page:
        await expect(page.locator("#results-sentence")).to_have_text(re.compile(r"^It cost ¥[\d,.]+ \(\d+\u202f%\) less than"))
        await expect(page.locator(".figure.valley_share")).to_contain_text("✓ at least 60\u202f%")
        await expect(page.locator("#cost-plot.js-plotly-plot .bars, #cost-plot .barlayer").first).to_be_attached(timeout=20_000)
        await expect(page.locator("#results-table tbody tr")).to_have_count(30)
        await page.get_by_role("button", name="Month").click()
        await expect(page.locator("#results-table tbody tr")).to_have_count(3)
        await expect(page.locator("#csv")).to_have_attribute("href", "/api/results/table.csv?by=month")
        async with page.expect_download() as download:
            await page.locator("#csv").click()
        assert (await download.value).suggested_filename.startswith("results-month-")
        await page.emulate_media(media="print")
        await expect(page.locator("nav")).to_be_hidden()
        await expect(page.locator("#results-table")).to_be_visible()
        assert (await page.pdf()).startswith(b"%PDF")


async def test_forecasts_are_shown_against_what_came_with_a_table_to_save(
    lively: FakeStation, server: Server, browser: Browser
) -> None:
    lively.standings = (
        Standing(signal="load", n=960, coverage80=0.81, skill=0.21),
        Standing(signal="pv", n=960, coverage80=0.77, skill=-0.1, model_in_use=False),
    )
    async with looking(browser, server, "/forecasts") as page:
        await expect(page.locator("#forecasts-sentence")).to_have_text(
            "The model of Solar lost to its baseline, which speaks in its place."
        )
        await expect(page.locator(".model").first).to_contain_text("Errs 21\u202f% less than its baseline.")
        await expect(page.locator(PLOT.replace("#plot", "#came-plot")).first).to_be_attached(timeout=20_000)
        await expect(page.locator(PLOT.replace("#plot", "#days-plot")).first).to_be_attached()
        await page.get_by_text("As a table").first.click()
        await expect(page.locator("#came-table tbody tr")).not_to_have_count(0)
        async with page.expect_download() as download:
            await page.get_by_role("button", name="CSV").first.click()
        assert (await download.value).suggested_filename == "came-table.csv"


async def test_the_audit_log_is_searched_paged_and_its_chain_told(server: Server, browser: Browser) -> None:
    async with looking(browser, server, "/audit") as page:
        await expect(page.locator("#chain")).to_have_text(re.compile("The log is whole: 120 entries"))
        await expect(page.locator("#entries > li")).to_have_count(50)
        await page.get_by_role("button", name="Older entries").click()
        await expect(page.locator("#entries > li")).to_have_count(100)
        await page.locator("#audit-kind").select_option("signal")
        await page.locator("#audit-text").fill("a03")
        await expect(page.locator("#entries > li strong").first).to_have_text("Signal published")
        entry = page.locator("#entries > li").first
        await entry.locator("summary").click()
        await expect(entry.locator("pre")).to_contain_text("<b>signal</b> of A03")
        await page.locator("#audit-text").fill("nothing of the kind")
        await expect(page.locator("#entries-empty")).to_be_visible()


async def test_settings_say_what_the_site_file_says(lively: FakeStation, server: Server, browser: Browser) -> None:
    async with looking(browser, server, "/settings") as page:
        await expect(page.locator("#site-facts")).to_contain_text(lively.site.name)
        await expect(page.locator("#outlets-table tbody tr")).to_have_count(len(lively.site.evses))
        await expect(page.locator("#tree-table")).to_contain_text("300\u00a0kW")
        assert await page.locator("main input, main select").count() == 0
