"""Who looks after a charger while it is connected: its open transactions first, then a preparation after each boot."""

import asyncio
from collections.abc import Awaitable, Callable

from adapters.ocpp.connection import DisconnectedError
from adapters.ocpp.dialect import Context
from adapters.ocpp.station import Station
from v2g.errors import UnavailableError
from v2g.site import Evse


class Attendance:
    """Attends one connection of a charger, whatever the version.

    `prepare()` readies the charger for setpoints, `refresh(evse)` asks how an outlet is; both raise `DisconnectedError` when it has
    gone.
    """

    def __init__(
        self,
        station: Station,
        context: Context,
        *,
        prepare: Callable[[], Awaitable[None]],
        refresh: Callable[[Evse], Awaitable[None]],
    ) -> None:
        self._station, self._context, self._prepare, self._refresh = station, context, prepare, refresh
        self._arrival: asyncio.Future[None] | None = asyncio.get_running_loop().create_future()
        self._boots, self._at_work = 0, False
        self._log = station.log

    def booted(self) -> bool:
        """Take note that the answer to an accepted boot was sent, and return whether to `run`: nobody is at work who would see it.

        Until then, a charger may not be asked anything.
        """
        self._boots += 1
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(None)
        return not self._at_work

    async def run(self) -> None:
        """Prepare the charger after each boot until now; one that goes on without a boot is prepared and asked how it is."""
        self._at_work = True
        try:
            if self._arrival is not None:
                await self._welcome(self._arrival)
                self._arrival = None
            while self._boots:
                self._boots = 0
                await self._prepare_in_turn()
        except DisconnectedError:
            self._log.info("charger_left_while_attended")
        finally:
            self._at_work = False

    async def _welcome(self, arrival: asyncio.Future[None]) -> None:
        """Wait for the first boot; where there is none in time, the charger went on from an earlier connection."""
        await self._restore()
        if await self._in_time(arrival):
            return
        await self._prepare_in_turn()
        for outlet in self._station.outlets.values():
            await self._refresh(outlet.evse)

    async def _prepare_in_turn(self) -> None:
        async with self._context.turnstile.turn():
            await self._prepare()

    async def _in_time(self, arrival: asyncio.Future[None]) -> bool:
        try:
            async with asyncio.timeout(self._context.boot_grace_wall_s):
                await asyncio.shield(arrival)
        except TimeoutError:
            return False
        return True

    async def _restore(self) -> None:
        """Take up open transactions; if they cannot be read now, the next boot or event asks again."""
        try:
            await self._station.restore_from(self._context.transactions)
        except UnavailableError as error:
            self._log.warning("transactions_not_restored", reason=str(error))
