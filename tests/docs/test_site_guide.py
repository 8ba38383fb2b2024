"""The site guide names every key of the site file, with its default."""

import math
import re
from typing import Any

from config.site.file import SiteFile
from tests.docs.pages import ROOT

SCHEMA = SiteFile.model_json_schema()
ROW = re.compile(r"^\| `(\w+)` \| ([^|]+) \| (.+) \|$")
MODELS = {
    "the site": SCHEMA,
    **{name.removesuffix("File"): model for name, model in SCHEMA["$defs"].items() if "properties" in model},
}


def tables() -> list[dict[str, tuple[str, str]]]:
    """Return the guide's tables: default and meaning by key."""
    found: list[dict[str, tuple[str, str]]] = []
    for line in (ROOT / "docs/site.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("| key |"):
            found.append({})
        elif row := ROW.match(line):
            found[-1][row[1]] = (row[2], row[3])
    return found


def default(model: dict[str, Any], key: str) -> str:
    value = model["properties"][key].get("default")
    if key in model.get("required", ()):
        return "required"
    if isinstance(value, dict):
        return "below"
    if value in (None, [], "", math.inf):
        return "none"
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)


def test_every_key_is_there_with_its_default() -> None:
    said = sorted(sorted((key, row[0]) for key, row in table.items()) for table in tables())
    meant = sorted(sorted((key, default(model, key)) for key in model["properties"]) for model in MODELS.values())
    assert said == meant
