"""Work that takes longer than a call: begun by one, asked about by others, given up when nobody asks any more."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import uuid4

from adapters.web.previews.models import JobState
from v2g.errors import V2GError

FORGOTTEN_S = 30.0
"""Who has not asked for so long has gone."""
KEPT = 8
"""So many ended jobs can still be asked about."""

T = TypeVar("T")
Told = Callable[[float], None]


@dataclass(slots=True, kw_only=True)
class Job(Generic[T]):
    """One piece of work: how far it is, and what came of it."""

    job_id: str
    asked_s: float
    state: JobState = JobState.RUNNING
    done_frac: float = 0.0
    why: str = ""
    result: T | None = None


class Jobs(Generic[T]):
    """Does one job at a time."""

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._jobs: dict[str, Job[T]] = {}
        self._task: asyncio.Task[None] | None = None

    @property
    def running(self) -> Job[T] | None:
        """The job that is being done."""
        return next((job for job in self._jobs.values() if job.state is JobState.RUNNING), None)

    def begin(self, work: Callable[[Told], Coroutine[Any, Any, T]]) -> Job[T]:
        """Begin a job; `work` tells the share done. The one before must have ended."""
        job = Job[T](job_id=uuid4().hex, asked_s=self._clock_s())
        for old in list(self._jobs)[: -KEPT + 1]:
            del self._jobs[old]
        self._jobs[job.job_id] = job
        self._task = asyncio.ensure_future(self._do(job, work))
        return job

    def get(self, job_id: str) -> Job[T] | None:
        """Return a job, None if there is none of this name; whoever asks keeps it going."""
        job = self._jobs.get(job_id)
        if job is not None:
            job.asked_s = self._clock_s()
        return job

    def cancel(self, job_id: str) -> bool:
        """Give a job up; False if there is none of this name."""
        job = self._jobs.get(job_id)
        if job is not None and job.state is JobState.RUNNING and self._task:
            self._task.cancel()
        return job is not None

    def close(self) -> None:
        """Give up what is being done."""
        if self._task:
            self._task.cancel()

    async def _do(self, job: Job[T], work: Callable[[Told], Coroutine[Any, Any, T]]) -> None:
        def told(share: float) -> None:
            job.done_frac = share
            if self._clock_s() - job.asked_s > FORGOTTEN_S:
                raise asyncio.CancelledError

        try:
            job.result = await work(told)
            job.state = JobState.DONE
        except asyncio.CancelledError:
            job.state = JobState.CANCELLED
        except V2GError as error:
            job.state, job.why = JobState.FAILED, str(error)
        finally:
            if job.state is JobState.RUNNING:  # a bug, which the loop tells
                job.state, job.why = JobState.FAILED, "it failed: see the daemon's log"
