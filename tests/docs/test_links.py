import pytest

from tests.docs.pages import ALL, ROOT, Page

FOLDERS = ("config/sites/", "config/farms/", "config/commands/", "examples/", "docs/", "benchmarks/", "forecasts/", "tests/faults/")


@pytest.mark.parametrize("page", ALL, ids=str)
def test_every_link_leads_to_a_file_and_a_heading_that_are_there(page: Page) -> None:
    for link in page.links:
        if "://" in link:
            continue
        name, _, anchor = link.partition("#")
        target = (page.path.parent / name).resolve() if name else page.path
        assert target.exists(), f"{page}: {link}"
        assert not anchor or anchor in Page(target).anchors, f"{page}: {link}: no such heading"


@pytest.mark.parametrize("page", ALL, ids=str)
def test_every_file_that_is_named_is_there(page: Page) -> None:
    named = [word for text in (*page.words, *page.commands) for word in text.replace("{", " ").split()]
    paths = [word.rstrip(":,") for word in named if word.startswith(FOLDERS) and not set(word) & set("<>*…")]
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_every_page_is_reached_from_the_readme() -> None:
    waiting, reached = [ROOT / "README.md"], set()
    while waiting:
        path = waiting.pop()
        if path in reached or path.suffix != ".md":
            continue
        reached.add(path)
        links = (link.partition("#")[0] for link in Page(path).links if "://" not in link)
        waiting += [(path.parent / link).resolve() for link in links if link]
    missed = {str(page) for page in ALL if page.path not in reached and "decisions" not in page.path.parts}
    assert missed == set()
