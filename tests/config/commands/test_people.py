import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from daemon import app
from tests.config.simulation.test_simulation import SITE

RUN = CliRunner()


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "site.yaml"
    path.write_text(SITE, encoding="utf-8")
    return str(path)


def said(*arguments: str, code: int = 0) -> str:
    result = RUN.invoke(app, ["people", *arguments])
    assert result.exit_code == code, result.output
    return result.output


def test_people_are_added_with_a_link_listed_and_removed(site: str) -> None:
    first = re.search(r"http://127\.0\.0\.1:8080/login#link=(\S{43})\n", said("add", site, "ana", "--role", "admin"))
    again = re.search(r"#link=(\S{43})\n", said("link", site, "ana"))
    assert first
    assert again
    assert first[1] != again[1]
    assert re.search(r"ana\s.*admin\s.*not yet", said("list", site))
    assert "there is somebody of this name" in said("add", site, "ana", code=2)
    assert "ana is removed" in said("remove", site, "ana")
    for deed in ("remove", "link"):
        assert "there is nobody of this name" in said(deed, site, "ana", code=2)


def test_a_token_is_printed_once(site: str) -> None:
    output = said("token", site, "vtn", "--role", "grid_operator", "--right", "signal", "--days", "30")
    assert re.search(r"^\S{43}$", output, re.MULTILINE)
    assert said("token", site, "vtn", "--role", "owner", code=2)
