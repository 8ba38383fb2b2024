import re
from pathlib import Path

import httpx

from adapters.web.pages import STATIC
from v2g.signal_bounds import TERMS
from v2g.signals import SignalKind
from v2g.storages import StorageKind


async def test_the_page_and_all_it_asks_for_are_there_and_nothing_comes_from_elsewhere(client: httpx.AsyncClient) -> None:
    page = (await client.get("/")).text
    wanted = set(re.findall(r'(?:src|href|data-plotly)="([^"#]+)"', page))
    assert any("plotly" in path for path in wanted)
    for path in wanted:
        assert path.startswith("/"), path
        assert (await client.get(path)).status_code == 200, path
    assert not re.search(r"<script(?![^>]*src=)", page)
    assert not re.search(r"\son\w+=", page)


async def test_plotly_comes_from_its_package_and_may_be_kept(client: httpx.AsyncClient) -> None:
    path = re.findall(r'data-plotly="([^"]+)"', (await client.get("/")).text)[0]
    answer = await client.get(path)
    assert b"plotly.js" in answer.content[:200]
    assert "immutable" in answer.headers["cache-control"]


async def test_nothing_outside_the_static_folder_is_served(client: httpx.AsyncClient) -> None:
    for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py"):
        assert (await client.get(path)).status_code == 404


def keys(language: str) -> set[str]:
    table = (STATIC / "strings" / f"{language}.js").read_text(encoding="utf-8")
    return set(re.findall(r"^  (\w+):", table, re.MULTILINE))


def test_both_languages_have_every_string_and_the_page_asks_for_no_other() -> None:
    assert keys("en") == keys("zh")
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    asked = set(re.findall(r'data-t(?:-label)?="(\w+)"', page))
    for script in Path(STATIC).glob("*.js"):
        asked |= set(re.findall(r'\bt\("(\w+)"', script.read_text(encoding="utf-8")))
    assert asked <= keys("en")


def test_every_kind_of_signal_has_a_name() -> None:
    assert {f"kind_{kind}" for kind in SignalKind} <= keys("en")


def test_every_term_of_a_contract_and_every_kind_of_asset_has_its_words() -> None:
    terms = {name for names in TERMS.values() for name in names}
    assert {f"{part}_{term}" for term in terms for part in ("term", "term_default")} <= keys("en")
    told = set(StorageKind) - {StorageKind.EV, StorageKind.EXPECTED_EV}
    assert {f"asset_{kind}" for kind in told} <= keys("en")
