"""What is compiled before the first problem comes, and what happens where nothing can be kept."""

import json
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from numba.core.caching import CacheImpl, IndexDataCacheFile
from structlog.testing import capture_logs

from optimizer.fleet import jit
from optimizer.fleet.places import find_places
from optimizer.fleet.rooms import make_rooms
from optimizer.fleet.warming import warm_up
from tests.optimizer.fleet.mixes import station

COMPILED = """
import json
from optimizer.fleet import plans, settling, survey
from optimizer.fleet.warming import warm_up
warm_up()
entries = (plans.plan_chunks, survey.survey, settling.round_near, settling.relieve, settling.catch_up)
print(json.dumps([len(entry.signatures) for entry in entries]))
"""


def doubled(x: float) -> float:
    return 2.0 * x


def test_a_warm_process_has_compiled_what_it_needs() -> None:
    done = subprocess.run([sys.executable, "-c", COMPILED], capture_output=True, check=True, text=True)
    assert json.loads(done.stdout.splitlines()[-1]) == [1, 1, 1, 1, 1]


def test_ways_of_any_network_are_what_was_compiled_for() -> None:
    problem = station(0)
    ways = make_rooms(problem, find_places(problem), *np.zeros((2, *problem.shape))).ways
    assert all(table.flags.c_contiguous for table in ways)


def test_without_a_place_to_keep_it_code_is_compiled_and_the_log_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jit, "_NOT_KEPT", [])
    monkeypatch.setattr(CacheImpl, "_locator_classes", [])
    assert jit.kept_on_disk()
    assert jit.entry(doubled)(3.0) == 6.0
    assert not jit.kept_on_disk()
    with capture_logs() as events:
        warm_up()
    assert [event["event"] for event in events] == ["compiled_code_not_kept"]


def test_code_that_cannot_be_written_is_used_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(IndexDataCacheFile, "save", full)
    monkeypatch.setattr(IndexDataCacheFile, "load", lambda *_: None)
    with capture_logs() as events:
        assert jit.entry(doubled)(3.0) == 6.0
    assert events[0]["error"] == "no space left on device"
