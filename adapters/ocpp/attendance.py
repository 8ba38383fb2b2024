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
        self._booted = asyncio.get_running_loop().create_future()
        self._log = station.log

    def booted(self) -> None:
        """Take note that the answer to an accepted boot was sent: until then, a charger may not be asked anything."""
        if not self._booted.done():
            self._booted.set_result(None)

    async def run(self) -> None:
        """Prepare the charger after each boot; one that goes on without a boot is prepared and asked how it is."""
        try:
            await self._restore()
            if not await self._boots_in_time():
                await self._prepare_in_turn()
                for outlet in self._station.outlets.values():
                    await self._refresh(outlet.evse)
            while True:
                await self._booted
                self._booted = asyncio.get_running_loop().create_future()
                await self._prepare_in_turn()
        except DisconnectedError:
            self._log.info("charger_left_while_attended")

    async def _prepare_in_turn(self) -> None:
        async with self._context.turnstile.turn():
            await self._prepare()

    async def _boots_in_time(self) -> bool:
        try:
            async with asyncio.timeout(self._context.boot_grace_wall_s):
                await asyncio.shield(self._booted)
        except TimeoutError:
            return False
        return True

    async def _restore(self) -> None:
        """Take up open transactions; if they cannot be read now, the next boot or event asks again."""
        try:
            await self._station.restore_from(self._context.transactions)
        except UnavailableError as error:
            self._log.warning("transactions_not_restored", reason=str(error))
