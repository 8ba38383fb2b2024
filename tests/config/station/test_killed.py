import asyncio
import socket
from pathlib import Path

import pytest

from tests.support.killing import FALLBACK_KW, kill_and_return

CHARGERS = 21


@pytest.mark.timeout(300)
def test_killed_under_load_chargers_fall_back_in_the_lease_and_the_daemon_goes_on_where_it_was(tmp_path: Path) -> None:
    """`make kill` does the same with more chargers."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    seen = asyncio.run(kill_and_return(CHARGERS, 5.0, tmp_path, port))
    assert seen.charging_kw > CHARGERS * FALLBACK_KW
    assert seen.fallen_kw <= FALLBACK_KW + 1e-6
    assert seen.max_import_kw <= seen.limit_kw + 1e-6
    assert seen.violation_s == 0.0
    assert len(seen.before) == CHARGERS
    assert seen.after == seen.before
    assert seen.queued > CHARGERS
    assert (seen.dropped, seen.off_kwh) == (0, 0.0)
