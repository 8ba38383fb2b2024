import asyncio
from pathlib import Path

import pytest

from tests.support.disk import BUSY_KW, LIMIT_KW, Trouble, drill


@pytest.mark.timeout(300)
def test_while_the_disk_is_full_or_read_only_control_goes_on_and_nothing_is_lost(tmp_path: Path) -> None:
    """`python -m tests.support.disk --on DIR` fills up a real file system as well."""
    seen = asyncio.run(drill((Trouble.TOO_LARGE, Trouble.READ_ONLY), tmp_path, tmp_path / "waiting"))
    for trouble in seen["troubles"]:
        assert trouble["cars_kw"][1] <= LIMIT_KW - BUSY_KW
        assert trouble["over_s"] <= 30.0  # from the load's jump to the cut: a look, an answer, a step of the farm
        assert trouble["spilled"] > 0
        assert trouble["lost"] == 0
        assert trouble["alarm"]
    assert (seen["database"], seen["ticks_missing_or_doubled"], seen["audit_broken"]) == ("ok", 0, "")
