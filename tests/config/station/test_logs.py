from collections.abc import Iterator

import pytest
import structlog

from config.station.logs import configure_logs
from daemon import app

SECRET = "not for logs"  # noqa: S105  # it must not be found


@pytest.fixture
def logs() -> Iterator[None]:
    before = structlog.get_config()
    configure_logs(verbose=True)
    yield
    structlog.configure(**before)


@pytest.mark.usefixtures("logs")
def test_a_traceback_tells_where_and_what_but_no_local_variable(capsys: pytest.CaptureFixture[str]) -> None:
    def fails(password: str) -> None:
        kept = [password, "x"]
        raise RuntimeError(f"{len(kept)} things went wrong")

    try:
        fails(SECRET)
    except RuntimeError:
        structlog.get_logger().exception("part_failed", part="teller")
    told = capsys.readouterr().err
    assert "in fails" in told
    assert "2 things went wrong" in told
    assert SECRET not in told


def test_the_command_line_shows_none_either() -> None:
    assert app.pretty_exceptions_show_locals is False
