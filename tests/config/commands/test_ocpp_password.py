"""`v2g ocpp-password`: what it prints lets the charger in, and nobody else."""

import pytest
from typer.testing import CliRunner

from adapters.ocpp.credentials import Credentials
from daemon import app

PEPPER, RUN = "ground", CliRunner()
COMMAND = ["ocpp-password", "CP-1", "--pepper-env", "PEPPER"]


@pytest.fixture(autouse=True)
def _pepper(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEPPER", PEPPER)


def test_a_password_is_made_and_told_beside_its_digest() -> None:
    result = RUN.invoke(app, COMMAND)
    password = result.stderr.split()[-1]
    credentials = Credentials({"CP-1": result.stdout.strip(), "CP-2": result.stdout.strip()}, PEPPER)
    assert credentials.right("CP-1", password.encode())
    assert not credentials.right("CP-2", password.encode())
    assert password not in result.stdout


def test_a_given_password_is_not_repeated() -> None:
    result = RUN.invoke(app, [*COMMAND, "--given"], input="correct-horse-battery\n")
    assert Credentials({"CP-1": result.stdout.strip()}, PEPPER).right("CP-1", b"correct-horse-battery")
    assert "correct-horse" not in result.output


@pytest.mark.parametrize("password", ["short", "x" * 41])
def test_a_password_that_no_charger_takes_is_refused(password: str) -> None:
    assert RUN.invoke(app, [*COMMAND, "--given"], input=f"{password}\n").exit_code == 2


def test_without_the_pepper_there_is_no_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PEPPER")
    result = RUN.invoke(app, COMMAND)
    assert (result.exit_code, result.stdout) == (2, "")
