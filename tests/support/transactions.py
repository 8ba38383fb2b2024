"""Transactions kept in memory, with switches for a slow and for an absent store."""

import asyncio
from dataclasses import replace
from datetime import datetime

from v2g.errors import UnavailableError
from v2g.station import OpenTransaction


class MemoryTransactions:
    """Fills `v2g.ports.Transactions`. While `released` is not set it is slow, while not `available` it is absent.

    `ended` maps ids to (meter_stop_kwh, at, reason).
    """

    def __init__(self) -> None:
        self.available = True
        self.released = asyncio.Event()
        self.released.set()
        self.begun: dict[int, OpenTransaction] = {}
        self.ended: dict[int, tuple[float, datetime, str]] = {}

    async def begin(
        self, *, station_id: str, connector_id: int, driver: str, meter_start_kwh: float, at: datetime, reference: str = ""
    ) -> int:
        await self._reach()
        for known in self.begun.values():
            if reference and (known.station_id, known.reference) == (station_id, reference):
                self.begun[known.transaction_id] = replace(known, driver=known.driver or driver)
                return known.transaction_id
        facts = (station_id, connector_id, driver, meter_start_kwh, at)
        for known in self.begun.values():
            if (
                not reference
                and (known.station_id, known.connector_id, known.driver, known.meter_start_kwh, known.began_at) == facts
            ):
                return known.transaction_id
        transaction_id = len(self.begun) + 1
        self.begun[transaction_id] = OpenTransaction(
            transaction_id=transaction_id,
            station_id=station_id,
            connector_id=connector_id,
            driver=driver,
            meter_start_kwh=meter_start_kwh,
            began_at=at,
            reference=reference,
        )
        return transaction_id

    async def end(self, *, transaction_id: int, meter_stop_kwh: float, at: datetime, reason: str) -> None:
        await self._reach()
        if transaction_id in self.begun:
            self.ended.setdefault(transaction_id, (meter_stop_kwh, at, reason))

    async def open(self, station_id: str) -> tuple[OpenTransaction, ...]:
        await self._reach()
        return tuple(t for t in self.begun.values() if t.station_id == station_id and t.transaction_id not in self.ended)

    async def _reach(self) -> None:
        await self.released.wait()
        if not self.available:
            raise UnavailableError("the store does not answer")
