"""The documents as tests read them: pages, headings, links, blocks of code, words in code."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("README*.md"), *(ROOT / "docs").rglob("*.md")])
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^(#{1,6}) +(.+?) *$", re.MULTILINE)
_WORD = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True, slots=True)
class Page:
    """A Markdown file."""

    path: Path

    def __str__(self) -> str:
        return str(self.path.relative_to(ROOT))

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def prose(self) -> str:
        """The text without its blocks of code."""
        return _FENCE.sub("", self.text)

    def blocks(self, language: str) -> list[str]:
        return [body for kind, body in _FENCE.findall(self.text) if kind == language]

    @property
    def links(self) -> list[str]:
        return _LINK.findall(self.prose)

    @property
    def headings(self) -> list[tuple[int, str]]:
        return [(len(marks), title) for marks, title in _HEADING.findall(self.prose)]

    @property
    def anchors(self) -> set[str]:
        """The names under which its headings are linked to."""
        return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for _, title in self.headings}

    @property
    def words(self) -> list[str]:
        """What stands in `code` in the prose."""
        return _WORD.findall(self.prose)

    @property
    def commands(self) -> list[str]:
        """Each line that calls `v2g`, from blocks and from words in code; continued lines are joined."""
        blocks = self.blocks("sh") + self.blocks("")
        lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
        indented = re.findall(r"^    (v2g .*)$", self.prose, re.MULTILINE)
        said = [line.split("  #")[0].strip() for line in [*lines, *indented, *self.words]]
        return [line for line in said if line.startswith("v2g ")]


ALL = [Page(path) for path in PAGES]
