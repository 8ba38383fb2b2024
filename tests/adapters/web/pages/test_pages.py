import re
from pathlib import Path

import httpx

from adapters.web.pages import PAGES, PLOTLY_URL, STATIC
from v2g.signal_bounds import TERMS
from v2g.signals import SignalKind
from v2g.storages import StorageKind


async def test_every_page_and_all_it_asks_for_is_there_and_nothing_comes_from_elsewhere(client: httpx.AsyncClient) -> None:
    for page in PAGES:
        text = (await client.get(page.path)).text
        assert not re.search("PAGE_[A-Z]+|PLOTLY_URL", text)
        wanted = set(re.findall(r'(?:src|href|data-plotly)="([^"#]+)"', text))
        assert {f"/static/{page.name}/main.js", *([PLOTLY_URL] if page.frame == "frame" else [])} <= wanted
        for path in (path for path in wanted if not path.startswith("/api/")):
            assert path.startswith("/"), path
            assert (await client.get(path)).status_code == 200, path
        assert not re.search(r"<script(?![^>]*src=)", text)
        assert not re.search(r"\son\w+=", text)


async def test_every_module_that_a_script_imports_is_there() -> None:
    for script in STATIC.glob("**/*.js"):
        for wanted in re.findall(r'from "([^"]+)"', script.read_text(encoding="utf-8")):
            assert (script.parent / wanted).is_file(), (script.name, wanted)


async def test_plotly_comes_from_its_package_and_may_be_kept(client: httpx.AsyncClient) -> None:
    answer = await client.get(PLOTLY_URL)
    assert b"plotly.js" in answer.content[:200]
    assert "immutable" in answer.headers["cache-control"]


async def test_nothing_outside_the_static_folder_is_served(client: httpx.AsyncClient) -> None:
    for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py"):
        assert (await client.get(path)).status_code == 404


def keys(language: str, page: str) -> set[str]:
    table = (STATIC / "strings" / language / f"{page}.js").read_text(encoding="utf-8")
    return set(re.findall(r"^  (\w+):", table, re.MULTILINE))


def asked_in(folder: Path) -> set[str]:
    asked = set()
    for file in (*folder.glob("*.js"), *folder.glob("*.html")):
        asked |= set(re.findall(r'\bt\("(\w+)"|data-t(?:-label)?="(\w+)"', file.read_text(encoding="utf-8")))
    return {key for pair in asked for key in pair if key}


def test_both_languages_have_every_string_and_a_page_asks_for_no_other() -> None:
    shell = keys("en", "shell")
    assert shell == keys("zh", "shell")
    assert asked_in(STATIC / "shell") | asked_in(STATIC) <= shell
    for page in PAGES:
        assert f"page_{page.name}" in shell
        assert keys("en", page.name) == keys("zh", page.name)
        assert not keys("en", page.name) & shell, page.name
        assert asked_in(STATIC / page.name) <= keys("en", page.name) | shell, page.name


def test_every_kind_of_signal_has_a_name() -> None:
    assert {f"kind_{kind}" for kind in SignalKind} <= keys("en", "prices")


def test_every_term_of_a_contract_and_every_kind_of_asset_has_its_words() -> None:
    terms = {name for names in TERMS.values() for name in names}
    assert {f"{part}_{term}" for term in terms for part in ("term", "term_default")} <= keys("en", "prices")
    told = set(StorageKind) - {StorageKind.EV, StorageKind.EXPECTED_EV}
    assert {f"asset_{kind}" for kind in told} <= keys("en", "chargers")
