"""What is told in two languages is told in step: the same headings, code, links and tables."""

import re

import pytest

from tests.docs.pages import ROOT, Page

PAIRS = [
    ("README.md", "README.zh.md"),
    *((f"docs/{name}.md", f"docs/zh/{name}.md") for name in ("operator", "grid-operator", "engineer")),
]
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(params=PAIRS, ids=[pair[0] for pair in PAIRS])
def pair(request: pytest.FixtureRequest) -> tuple[Page, Page]:
    english, chinese = request.param
    return Page(ROOT / english), Page(ROOT / chinese)


def rows(page: Page) -> list[int]:
    """Return the number of rows of each table."""
    return [len(table.splitlines()) for table in re.findall(r"(?:^\|.*\n)+", page.prose, re.MULTILINE)]


def without_comments(block: str) -> str:
    return re.sub(r" *#.*", "", block)


def test_the_headings_are_of_one_shape(pair: tuple[Page, Page]) -> None:
    english, chinese = pair
    assert [level for level, _ in english.headings] == [level for level, _ in chinese.headings]
    assert all(CHINESE.search(title) for _, title in chinese.headings)


def test_the_code_is_the_same_but_for_its_comments(pair: tuple[Page, Page]) -> None:
    english, chinese = pair
    for language in ("sh", "yaml", "json", "python"):
        assert [without_comments(b) for b in english.blocks(language)] == [without_comments(b) for b in chinese.blocks(language)]


def test_commands_and_keys_in_the_prose_are_the_same(pair: tuple[Page, Page]) -> None:
    english, chinese = pair
    assert sorted(set(english.words)) == sorted(set(chinese.words))


def test_the_tables_have_the_same_rows(pair: tuple[Page, Page]) -> None:
    english, chinese = pair
    assert rows(english) == rows(chinese)
