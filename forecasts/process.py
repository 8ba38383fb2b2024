"""Training in a process of its own: low priority, limited in time and memory, killable; control never waits for it."""

import asyncio
import os
import sys

import structlog

from forecasts.options import TrainingOptions
from forecasts.training import Lessons
from v2g.errors import TrainingError

log = structlog.get_logger()
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
TOLD = 300
"""So much of what a failing process said last is handed on, in characters."""


class TrainingProcess:
    """Learns models of a site in `country`: killed after `time_limit_s` [s], with an address space of `memory_mb` [MiB]."""

    def __init__(self, country: str, *, time_limit_s: float = 900.0, memory_mb: int = 4096) -> None:
        self._options = TrainingOptions(country=country, memory_mb=memory_mb)
        self._time_limit_s = time_limit_s
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        """The id of the process at work, None while nothing is learnt."""
        return self._process.pid if self._process else None

    async def train(self, lessons: Lessons) -> bytes:
        """Return the models that `lessons` teach, packed. Raises `TrainingError` if the process fails, is killed or too slow."""
        from forecasts.kept import pack  # noqa: PLC0415 - LightGBM comes with it

        process = self._process = await self._begun()
        try:
            async with asyncio.timeout(self._time_limit_s):
                packed, said = await process.communicate(pack(lessons))
        except TimeoutError as error:
            raise TrainingError(f"it took longer than {self._time_limit_s:g} s and was killed") from error
        finally:
            self._process = None
            if process.returncode is None:
                process.kill()
                await process.communicate()  # reaps it and closes its pipes
        if process.returncode:
            last = said.decode(errors="replace").strip()[-TOLD:]
            raise TrainingError(f"the process ended with {process.returncode}: {last or 'it said nothing'}")
        return packed

    async def _begun(self) -> asyncio.subprocess.Process:
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "forecasts.worker",
                self._options.to_argument(),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env={**os.environ, **ONE_THREAD},
            )
        except OSError as error:
            raise TrainingError(f"the process cannot be started: {error}") from error
        log.info("training_started", pid=process.pid)
        return process
