"""What the documents tell people to type is what the programs take."""

import json
import re
import shlex
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import TypeAdapter
from typer.main import get_command

from adapters.web.previews.forms import PriceForm, SurfaceForm
from adapters.web.signals.forms import AnySignalForm
from config.farm.file import FarmFile
from config.portfolio.file import PortfolioFile
from config.problem.file import read_problem
from config.site.file import SiteFile
from config.site.load import load_site
from daemon import app
from tests.adapters.web.fuzzing import whole_app
from tests.docs.pages import ALL, ROOT, Page

SITES = [(page, block) for page in ALL for block in page.blocks("yaml") if "\nchargers:" in block]
COMMAND: Any = get_command(app)
PATH = re.compile(r"(?<![\w.])/api(?:/[\w{}.-]+)*")


@cache
def served() -> list[str]:
    """Return patterns of the paths that the API describes."""
    return [re.sub(r"\{\w+\}", r"[^/]+", path) for path in [*whole_app().openapi()["paths"], "/api/openapi.json"]]


@pytest.mark.parametrize("page", ALL, ids=str)
def test_every_command_is_one_that_the_program_takes(page: Page) -> None:
    for line in page.commands:
        command = COMMAND
        words = shlex.split(re.sub(r"[\[\]]", " ", line).replace("|", " ").split(" &")[0])[1:]
        while words and getattr(command, "commands", None):
            assert words[0] in command.commands, f"{page}: {line}"
            command = command.commands[words.pop(0)]
        command.make_parser(command.context_class(command)).parse_args(words)


@pytest.mark.parametrize(("page", "block"), SITES, ids=[f"{page}-{i}" for i, (page, _) in enumerate(SITES)])
def test_every_site_file_is_in_order(page: Page, block: str, tmp_path: Path) -> None:
    path = tmp_path / f"{page.path.stem}.yaml"
    path.write_text(block, encoding="utf-8")
    assert load_site(path).site.evses


def test_every_piece_of_a_file_has_the_keys_of_its_schema() -> None:
    rest = [(page, block) for page in ALL for block in page.blocks("yaml") if "\nchargers:" not in block]
    for page, block in rest:
        said = yaml.safe_load(block.replace("  …", "  {}"))
        kind = {"farm": FarmFile, "portfolio": PortfolioFile}.get(page.path.stem, SiteFile)
        for key, value in said.items():
            field = kind.model_fields[key]
            if key != "site":
                TypeAdapter(field.annotation).validate_python(value)


def test_every_json_text_is_whole() -> None:
    for page in ALL:
        for block in page.blocks("json"):
            said = json.loads(block)
            if page.path.stem == "problem":
                assert read_problem(said).grid.n_steps


@pytest.mark.parametrize("page", ALL, ids=str)
def test_every_body_that_is_posted_is_taken(page: Page) -> None:
    forms = {"/api/signals": AnySignalForm, "/api/signals/preview": AnySignalForm}
    forms |= {"/api/signals/preview/price": PriceForm, "/api/signals/preview/surface": SurfaceForm}
    for block in page.blocks("sh"):
        for path, body in re.findall(r"-X POST \S+?(/api\S+).*?-d '(.*?)'", block, re.DOTALL):
            TypeAdapter(forms[path]).validate_json(body)


@pytest.mark.parametrize("page", ALL, ids=str)
def test_every_path_of_the_api_is_served(page: Page) -> None:
    for path in {match.rstrip(".") for match in PATH.findall(page.text)} - {"/api"}:
        assert any(re.fullmatch(known, path) for known in served()), f"{page}: {path}"


@pytest.mark.parametrize("path", sorted((ROOT / "config/sites").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_ready_made_site_is_in_order(path: Path) -> None:
    assert load_site(path).site.evses
