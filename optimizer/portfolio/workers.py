"""Where the sites' work is done: in this process, on this machine's cores or on a cluster. All give the same answers.

Work is a pure function of small arguments, and a site's problem is itself the result of such work: a worker that is lost takes
nothing with it that another cannot work out again.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any, Protocol

from v2g.errors import PlanningError

START_LIMIT_S = 20.0
"""For a cluster to answer [s]."""


class Workers(Protocol):
    """Who does the work."""

    def keep(self, work: Callable[..., Any], *items: Sequence[Any]) -> list[Any]:
        """Return handles of the results of ``work(*parts)``, which stay where they are."""
        ...

    def map(self, work: Callable[..., Any], *items: Sequence[Any]) -> Iterator[tuple[int, Any]]:
        """Yield (index, result) of ``work(*parts)`` as they come; a handle among the parts stands for its result."""
        ...


@dataclass
class _Kept:
    """A result that is worked out when it is first asked for."""

    work: Callable[[], Any] | None
    result: Any = None

    def value(self) -> Any:
        """Return the result."""
        if self.work is not None:
            self.result, self.work = self.work(), None
        return self.result


class Here:
    """All in this process, one after the other."""

    def keep(self, work: Callable[..., Any], *items: Sequence[Any]) -> list[Any]:
        """Put it off until somebody asks for it."""
        return [_Kept(partial(_done, work, parts)) for parts in zip(*items, strict=True)]

    def map(self, work: Callable[..., Any], *items: Sequence[Any]) -> Iterator[tuple[int, Any]]:
        """Do one after the other."""
        for i, parts in enumerate(zip(*items, strict=True)):
            yield i, _done(work, parts)


def _done(work: Callable[..., Any], parts: Sequence[Any]) -> Any:
    return work(*(part.value() if isinstance(part, _Kept) else part for part in parts))


class Cluster:
    """On a `dask.distributed` cluster."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def keep(self, work: Callable[..., Any], *items: Sequence[Any]) -> list[Any]:
        """Begin the work; results stay with the workers, and are worked out again where one is lost."""
        return list(self.client.map(work, *items, pure=False))

    def map(self, work: Callable[..., Any], *items: Sequence[Any]) -> Iterator[tuple[int, Any]]:
        """Yield results as workers finish them."""
        distributed: Any = import_module("distributed")
        futures = self.client.map(work, *items, pure=False)
        place = {future.key: i for i, future in enumerate(futures)}
        try:
            for future, result in distributed.as_completed(futures, loop=self.client.loop, with_results=True):
                yield place[future.key], result
        except (distributed.KilledWorker, distributed.client.FutureCancelledError, distributed.comm.CommClosedError) as error:
            raise PlanningError(f"the cluster gave up: {error}") from error


@contextmanager
def cluster(*, n_workers: int = 2, scheduler: str | None = None) -> Iterator[Workers]:
    """Open a cluster: the one at the address `scheduler`, or one of `n_workers` processes on this machine; 0 = none, all here.

    Raises `PlanningError` where there is no such cluster, or `distributed` is not installed.
    """
    if scheduler is None and n_workers == 0:
        yield Here()
        return
    with _client(n_workers, scheduler) as client:
        yield Cluster(client)


def _client(n_workers: int, scheduler: str | None) -> AbstractContextManager[Any]:
    try:
        distributed: Any = import_module("distributed")
    except ImportError as error:
        raise PlanningError(
            "portfolios on several workers need `distributed`: install v2g-scheduler[portfolio], or use 0 workers"
        ) from error
    if scheduler is not None:
        try:
            client: AbstractContextManager[Any] = distributed.Client(scheduler, timeout=START_LIMIT_S)
        except (OSError, ValueError) as error:
            raise PlanningError(f"no cluster answers at {scheduler}: {error} (give tcp://HOST:PORT of a dask scheduler)") from error
        return client
    return _Local(distributed, n_workers)


class _Local(AbstractContextManager[Any]):
    """A cluster of processes on this machine, ended with the context."""

    def __init__(self, distributed: Any, n_workers: int) -> None:
        self._cluster = distributed.LocalCluster(
            n_workers=n_workers, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0", host="127.0.0.1"
        )
        self._client = distributed.Client(self._cluster)

    def __enter__(self) -> Any:
        return self._client

    def __exit__(self, *_: object) -> None:
        self._client.close()
        self._cluster.close()
