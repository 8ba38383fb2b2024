"""The planners in a process of their own: killable, limited in time and memory, never in the event loop's way.

Measured lag of the event loop during a solve: blocked in the loop itself, 200–380 ms with a thread, 14–27 ms with a process.
"""

import asyncio
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

import structlog

from optimizer.frames import pack, receive
from optimizer.options import READY, WorkerOptions
from v2g.errors import PlanningError
from v2g.problem import Problem
from v2g.site import PlannerChoice
from v2g.solution import Solution

log = structlog.get_logger()
START_LIMIT_S = 300.0
"""Measured: 2 s, and 30 s where the fleet planner has to be compiled first; a busy machine takes several times as long."""
LIMIT_A_UNIT_S = 1e-3
"""By so much more a solve may take with each unit: five times what the fleet planner takes."""
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
"""The matrices are small: more threads only fight the daemon for the cores."""


class ProcessPlanner:
    """Plans in a persistent solver process; fills `v2g.ports.Planner`. An async context manager: leaving it ends the process.

    Parameters
    ----------
    time_limit_s : float
        For HiGHS in one solve [s].
    kill_after_s : float
        The process is killed if it has not answered by then [s], later for large problems; the next solve starts a new one.
    memory_mb : int or None
        Cap of the process's address space [MiB].
    prefer : bool
        Whether ties are broken (tier PREFERENCE).
    choice : "auto", "exact" or "fleet"
        Who plans: see `optimizer.choice`.
    nice : int
        How much the process gives way to others, 0..19.
    recalls : int
        So many of the last problems are answered at once when they are asked again.
    start_patience_s : float
        A solve waits so long for a process that starts [s]; then it has no answer, and the process goes on starting.
    on_ready
        Called whenever a process has started.
    """

    WORKER = "optimizer.worker"

    def __init__(
        self,
        *,
        time_limit_s: float = 10.0,
        kill_after_s: float = 15.0,
        memory_mb: int | None = None,
        prefer: bool = True,
        choice: PlannerChoice = "auto",
        nice: int = 0,
        recalls: int = 0,
        start_patience_s: float = START_LIMIT_S,
        on_ready: Callable[[], None] = lambda: None,
    ) -> None:
        self.kill_after_s = kill_after_s
        self.starts = 0
        self._options = WorkerOptions(
            time_limit_s=time_limit_s, prefer=prefer, memory_mb=memory_mb, choice=choice, nice=nice, recalls=recalls
        )
        self._start_patience_s, self._on_ready = start_patience_s, on_ready
        self._process: asyncio.subprocess.Process | None = None
        self._starting: asyncio.Task[asyncio.subprocess.Process] | None = None
        self._turn = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        """The solver process's id, None while there is none."""
        return self._process.pid if self._process and self._process.returncode is None else None

    async def __aenter__(self) -> Self:
        """Start the solver, and wait for it within the patience, so that the first solve need not."""
        async with self._turn:
            with suppress(PlanningError):  # told to the first solve
                await self._ready()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End the solver process."""
        await self.close()

    async def ended(self) -> None:
        """Wait until there is no living solver process."""
        if self._process is not None:
            await self._process.wait()

    async def close(self) -> None:
        """End the solver process; a later solve would start a new one."""
        starting, self._starting = self._starting, None
        if starting is not None:
            starting.cancel()
            await asyncio.wait({starting})
        process, self._process = self._process, None
        if process is not None:
            await _end(process)

    async def solve(self, problem: Problem) -> Solution:
        """Return the planner's answer; raises `PlanningError` if it has none, starts, dies or is killed at the deadline."""
        limit_s = self.kill_after_s + LIMIT_A_UNIT_S * problem.shape[0]
        async with self._turn:
            try:
                process = await self._ready()
                async with asyncio.timeout(limit_s):
                    answer = await _ask(process, problem)
            except TimeoutError as error:
                await self.close()
                log.warning("solver_killed", after_s=limit_s)
                raise PlanningError(f"the solver did not answer within {limit_s:g} s and was killed") from error
            except (asyncio.IncompleteReadError, ConnectionError) as error:
                await self.close()
                log.warning("solver_died")
                raise PlanningError("the solver process died") from error
            except PlanningError:
                raise
            except BaseException:  # given up, or answered by no frame of ours: nothing stale may be left behind
                await self.close()
                raise
        if isinstance(answer, str):
            raise PlanningError(answer)
        return answer

    async def _ready(self) -> asyncio.subprocess.Process:
        """Return the living process, a new one if need be. Raises `PlanningError` if it is not ready within the patience."""
        if self._process is not None and self._process.returncode is not None:
            log.warning("solver_died", returncode=self._process.returncode)
            await self.close()
        starting = self._starting or self._begin()
        done, _ = await asyncio.wait({starting}, timeout=self._start_patience_s)
        if not done:
            raise PlanningError("the solver is starting")
        if starting.exception() is not None:
            await self.close()
        return starting.result()

    def _begin(self) -> asyncio.Task[asyncio.subprocess.Process]:
        self._starting = asyncio.create_task(self._start())
        return self._starting

    async def _start(self) -> asyncio.subprocess.Process:
        process = self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            self.WORKER,
            self._options.to_argument(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, **ONE_THREAD},
        )
        self.starts += 1
        log.info("solver_started", pid=process.pid)
        try:
            async with asyncio.timeout(START_LIMIT_S):
                if await receive(_stdout(process)) != READY:
                    raise PlanningError("the solver process does not speak our frames")
        except TimeoutError as error:
            process.kill()
            raise PlanningError(f"the solver did not start within {START_LIMIT_S:g} s and was killed") from error
        self._on_ready()
        return process


async def _ask(process: asyncio.subprocess.Process, problem: Problem) -> Solution | str:
    if process.stdin is None:
        raise TypeError("the solver process was started without a pipe")
    process.stdin.write(pack(problem))
    await process.stdin.drain()
    answer: Solution | str = await receive(_stdout(process))
    return answer


def _stdout(process: asyncio.subprocess.Process) -> asyncio.StreamReader:
    if process.stdout is None:
        raise TypeError("the solver process was started without a pipe")
    return process.stdout


async def _end(process: asyncio.subprocess.Process) -> None:
    """Kill a process, reap it and close its pipes; a stopped or busy one ends too."""
    if process.returncode is None:
        process.kill()
    if process.stdin is not None:
        process.stdin.close()
    await process.wait()
