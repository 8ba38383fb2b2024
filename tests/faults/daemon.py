"""The daemon's parts on the virtual loop, wired by `config.core`, which can be killed at any instant."""

import asyncio
import random
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any
from unittest.mock import patch

from sqlalchemy.exc import OperationalError

from adapters.ocpp.central import CentralSystem
from adapters.store import store as store_module
from adapters.store.store import Store
from adapters.store.writer import Job, Writer, _Order, _tell
from config.core import restored
from config.people.live_station import LiveStation
from config.station.control import Control
from config.station.gateway import SiteGateway
from optimizer.exact import ExactPlanner
from tests.faults.network import End, Network
from tests.faults.story import Trouble
from tests.faults.virtual import LoopClock
from v2g.errors import PlanningError, UnavailableError
from v2g.ports import Chargers, Meters
from v2g.problem import Problem
from v2g.site import Protocol, Site
from v2g.solution import Solution

KILL_AFTER_S, SOLVE_S = 15.0, (0.05, 1.5)
STEP_S = (0.01, 0.3)
DATABASE = {
    Trouble.DATABASE_FULL: "database or disk is full",
    Trouble.DATABASE_LOCKED: "database is locked",
    Trouble.DATABASE_READ_ONLY: "attempt to write a readonly database",
}


class Conditions:
    """What is wrong now with what the daemon stands on."""

    def __init__(self, rng: random.Random) -> None:
        self.rng, self.troubles = rng, set[Trouble]()


class LoopWriter(Writer):
    """The database's writer on the loop instead of in its thread: what comes meanwhile is one commit, and takes a while."""

    conditions: Conditions
    dead = False

    def start(self) -> None:
        """Begin."""
        self._loop, self._waiting = asyncio.get_running_loop(), list[_Order]()

    async def _ordered(self, order: _Order) -> Any:
        """Do what is ordered, unless the process has died meanwhile."""
        if not self._waiting:
            self._later(self._do_waiting)
        self._waiting.append(order)
        return await order.done

    def _do_waiting(self) -> None:
        group, self._waiting = self._waiting, []
        wrong = next((text for trouble, text in DATABASE.items() if trouble in self.conditions.troubles), None)
        for order in group:
            if order.job is not None and wrong is not None:
                order.job = _failing(wrong)
        self._do(group)
        self._later(partial(_tell, group))

    def _later(self, step: Callable[[], None]) -> None:
        self._loop.call_later(self.conditions.rng.uniform(*STEP_S), lambda: None if self.dead else step())

    async def close(self) -> None:
        """End."""
        self._engine.dispose()


def _failing(text: str) -> Job[Any]:
    def fail(connection: object) -> None:
        raise OperationalError(str(connection), None, sqlite3.OperationalError(text))

    return fail


class MoodyPlanner:
    """The exact planner, as its process shows it: it takes a while, hangs until it is killed, crashes or raves."""

    def __init__(self, conditions: Conditions) -> None:
        self._exact, self._conditions = ExactPlanner(), conditions

    async def solve(self, problem: Problem) -> Solution:
        """Return the optimum; raises `PlanningError`."""
        rng, troubles = self._conditions.rng, self._conditions.troubles
        if Trouble.SOLVER_HANGS in troubles:
            await asyncio.sleep(KILL_AFTER_S)
            raise PlanningError(f"no answer within {KILL_AFTER_S:g} s")
        await asyncio.sleep(rng.uniform(*SOLVE_S))
        if Trouble.SOLVER_CRASHES in troubles:
            raise PlanningError("the solver's process ended")
        solution = self._exact.solve_now(problem)
        if Trouble.SOLVER_RAVES in troubles:
            return replace(solution, charge_kw=solution.charge_kw * 3.0 + 50.0)
        return solution


class Daemon:
    """A running daemon. `kill` ends it as SIGKILL does: nothing that it still does has an effect."""

    def __init__(
        self, site: Site, url: str, *, clock: LoopClock, network: Network, meters: Meters, conditions: Conditions, sample_s: float
    ) -> None:
        self._site, self._url, self._clock, self._network, self._meters = site, url, clock, network, meters
        self._conditions, self._sample_s, self._alive = conditions, sample_s, asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.station: LiveStation | None = None
        self.control: Control | None = None
        self.served = False
        self._troubles: asyncio.Queue[Exception] = asyncio.Queue()
        self._writer: LoopWriter | None = None

    async def start(self) -> None:
        """Start unless it starts already, and return once it serves or has failed."""
        if self._task is not None and not self._task.done():
            return
        self.served = False
        self._task = asyncio.create_task(self._run())
        serving = asyncio.create_task(self._alive.wait())
        await asyncio.wait([serving, self._task], return_when=asyncio.FIRST_COMPLETED)
        serving.cancel()

    @property
    def runs(self) -> bool:
        """Whether it serves."""
        return self._alive.is_set()

    async def ended(self) -> Exception:
        """Wait until it has ended by itself, and return why."""
        return await self._troubles.get()

    def was_refused(self, trouble: Exception) -> bool:
        """Return whether it ended because a database that is in trouble cannot be opened: what it did before is not known then."""
        return isinstance(trouble, UnavailableError) and not self.served and not self._conditions.troubles.isdisjoint(DATABASE)

    async def kill(self) -> None:
        """End at once."""
        self._alive.clear()
        self._network.cut_all()
        if self._writer is not None:
            self._writer.dead = True
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        wake = asyncio.Event()
        with patch.object(store_module, "Writer", LoopWriter):
            store = Store(self._url, self._clock)
        writer = store._writer
        assert isinstance(writer, LoopWriter)
        writer.conditions, self._writer = self._conditions, writer
        try:
            async with store, asyncio.TaskGroup() as group:
                await self._serve(store, wake, group)
        except Exception as error:  # noqa: BLE001  # told at the day's end: a daemon that ends by itself is a finding
            self._troubles.put_nowait(error)
        finally:
            self._alive.clear()
            self._network.cut_all()

    async def _serve(self, store: Store, wake: asyncio.Event, group: asyncio.TaskGroup) -> None:
        site, clock = self._site, self._clock
        central = CentralSystem(
            site,
            clock,
            store,
            pseudonym=lambda tag: tag,
            on_change=wake.set,
            meter_interval_s=self._sample_s,
            heartbeat_interval_s=4.0 * self._sample_s,
        )
        gateway = SiteGateway(site, _all_ocpp(central), self._meters, None, steady_s=clock.steady_s, on_jump=wake.set)
        planner = MoodyPlanner(self._conditions)
        core = await restored(site, clock, store, gateway, planner=planner, asked=planner, wake=wake)
        core.attend(())
        self.station, self.control = core.station, core.control
        self._network.listener = _listener(group, central._converse)
        for work in core.works():
            group.create_task(work)
        self.served = True
        self._alive.set()


def _all_ocpp(central: CentralSystem) -> dict[Protocol, Chargers]:
    return dict.fromkeys((protocol for protocol in Protocol if protocol.is_ocpp), central)


def _listener(group: asyncio.TaskGroup, converse: Callable[[Any], Awaitable[None]]) -> Callable[[End], None]:
    def listen(end: End) -> None:
        group.create_task(_converse(end, converse))

    async def _converse(end: End, converse: Callable[[Any], Awaitable[None]]) -> None:
        await converse(end)

    return listen
