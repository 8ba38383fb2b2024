"""The one database thread: jobs in, futures out, many jobs in one commit.

A future resolves only after the commit that holds its job, so a charger answered after it can trust the answer.
A job that fails by its own fault is rolled back alone. If the database fails in the middle of a group, nothing of it is
kept and its jobs are tried one by one; if it does not even begin, all of them fail.
"""

import asyncio
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DataError, IntegrityError, ProgrammingError, SQLAlchemyError

from v2g.errors import UnavailableError

T = TypeVar("T")
Job = Callable[[Connection], T]

GROUP_MAX = 256
WAITING_MAX = 32_768  # thousands of chargers may come back at once, each with several things to keep
OWN_FAULTS = (DataError, IntegrityError, ProgrammingError)
"""Errors of a statement, not of the database."""
MEND = "check that its disk has room and that no other program holds it"


@dataclass(slots=True, eq=False)
class _Order:
    job: Job[Any] | None
    done: asyncio.Future[Any]
    aside: Callable[[], Any] | None = None
    result: Any = None
    error: Exception | None = None


class Writer:
    """Runs jobs on `engine` in a thread of its own. `trouble` says what is wrong with the database now, "" if nothing is."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._orders: queue.Queue[_Order | None] = queue.Queue(WAITING_MAX)
        self._thread = threading.Thread(target=self._work, name="database", daemon=True)
        self.trouble = ""

    def start(self) -> None:
        """Start the thread; it answers to the running loop."""
        self._loop = asyncio.get_running_loop()
        self._stopped = self._loop.create_future()
        self._thread.start()

    async def run(self, job: Job[T]) -> T:
        """Run `job` in a transaction and return its result once committed. Raises `UnavailableError` if it was not kept."""
        result: T = await self._ordered(_Order(job, self._loop.create_future()))
        return result

    async def aside(self, work: Callable[[], T]) -> T:
        """Run `work` in the thread but outside the database, and return its result."""
        result: T = await self._ordered(_Order(None, self._loop.create_future(), aside=work))
        return result

    async def _ordered(self, order: _Order) -> Any:
        try:
            self._orders.put_nowait(order)
        except queue.Full:
            raise UnavailableError(f"the database is too slow: {WAITING_MAX} writes wait ({MEND})") from None
        return await order.done

    async def close(self) -> None:
        """Finish what waits, then stop the thread."""
        while True:
            try:
                self._orders.put_nowait(None)
                break
            except queue.Full:
                await asyncio.sleep(0.01)
        await self._stopped
        self._thread.join()

    def _work(self) -> None:
        going = True
        while going:
            group, going = self._next_group()
            if group:
                self._do(group)
                self._loop.call_soon_threadsafe(_tell, group)
        self._engine.dispose()
        self._loop.call_soon_threadsafe(self._stopped.set_result, None)

    def _next_group(self) -> tuple[list[_Order], bool]:
        """Wait for an order, then take all that wait already. Returns them, and whether to go on."""
        group: list[_Order] = []
        order = self._orders.get()
        while order is not None:
            group.append(order)
            if len(group) == GROUP_MAX or self._orders.empty():
                return group, True
            order = self._orders.get()
        return group, False

    def _do(self, group: list[_Order]) -> None:
        for order in group:
            _run_aside(order)
        if jobs := [order for order in group if order.job]:
            self._commit(jobs)

    def _commit(self, group: list[_Order]) -> None:
        begun = False
        try:
            with self._engine.begin() as connection:
                begun = True
                for order in group:
                    _run(order, connection)
        except SQLAlchemyError as error:
            if begun and len(group) > 1:  # on a nearly full disk the small ones may still fit
                for order in group:
                    self._commit([order])
                return
            self.trouble = f"{getattr(error, 'orig', error)} ({MEND})"
            for order in group:
                order.error = UnavailableError(f"the database does not answer: {self.trouble}")
        else:
            self.trouble = ""


def _run_aside(order: _Order) -> None:
    if order.aside is None:
        return
    try:
        order.result = order.aside()
    except Exception as error:  # noqa: BLE001 - handed to whoever awaits this work
        order.error = error


def _run(order: _Order, connection: Connection) -> None:
    order.error, savepoint = None, connection.begin_nested()
    try:
        order.result = order.job(connection) if order.job else None
        savepoint.commit()
    except SQLAlchemyError as error:
        # Where the database failed there may be no savepoint left: the whole transaction goes.
        if not isinstance(error, OWN_FAULTS):
            raise
        savepoint.rollback()
        order.error = error
    except Exception as error:  # noqa: BLE001 - handed to whoever awaits this job; the other jobs are not its hostages
        savepoint.rollback()
        order.error = error


def _tell(group: list[_Order]) -> None:
    for order in group:
        if order.done.done():  # its caller was cancelled
            continue
        if order.error is None:
            order.done.set_result(order.result)
        else:
            order.done.set_exception(order.error)
