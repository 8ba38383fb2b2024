import asyncio
from pathlib import Path

import pytest

from tests.support.kills import Drill


@pytest.mark.timeout(300)
def test_killed_again_and_again_nothing_that_was_acknowledged_is_lost_or_counted_twice(tmp_path: Path) -> None:
    """`make kill` does the same hundreds of times. How soon it is ready is told there, not here."""
    seen = asyncio.run(Drill(tmp_path, seed=3).run(3))
    assert seen["kills"] == 3
    assert (seen["lost_records"], seen["miscounts"], seen["limit_violation_s"], seen["database"]) == (0, 0, 0.0, "ok")
    assert seen["starts_measured"] >= 1
