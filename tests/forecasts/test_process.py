import asyncio
import os
import signal

import pytest

from forecasts.kept import unpack
from forecasts.process import TrainingProcess
from forecasts.training import Lessons, Models
from tests.forecasts.fleet.drivers import workplace
from tests.forecasts.series.synthetic import BERLIN, loads
from v2g.errors import TrainingError


def lessons(n_days: int) -> Lessons:
    return Lessons(calendar=BERLIN, load=loads(n_days), pv=None, visits=workplace(0, days=5))


async def test_it_learns_what_is_taught() -> None:
    process = TrainingProcess("DE")
    models = unpack(Models, await process.train(lessons(16)))
    assert models.said == "load from 16 days"
    assert process.pid is None


async def test_what_takes_too_long_is_killed() -> None:
    process = TrainingProcess("DE", time_limit_s=0.2)
    with pytest.raises(TrainingError, match=r"longer than 0\.2 s and was killed"):
        await process.train(lessons(60))
    assert process.pid is None


async def test_too_little_memory_is_an_error_that_is_told() -> None:
    with pytest.raises(TrainingError, match="the process ended with"):
        await TrainingProcess("DE", memory_mb=64).train(lessons(16))


async def test_a_process_that_dies_is_an_error_that_is_told() -> None:
    process = TrainingProcess("DE")
    learning = asyncio.ensure_future(process.train(lessons(60)))
    while process.pid is None:  # noqa: ASYNC110  # the process tells nobody that it has begun
        await asyncio.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    with pytest.raises(TrainingError, match="the process ended with -9: it said nothing"):
        await learning
