"""One charging station as the central system knows it, connected or not."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Protocol

import structlog

from adapters.ocpp.charger_clock import ChargerClock
from adapters.ocpp.dialect import Dialect
from adapters.ocpp.events import Events
from adapters.ocpp.journal import Journal
from adapters.ocpp.outlet import Outlet, Transaction
from v2g.observation import EvseState
from v2g.ports import Transactions
from v2g.session import ChargingSession
from v2g.site import Evse
from v2g.station import OpenTransaction

log = structlog.get_logger()


class Line(Protocol):
    """A connection that can be ended."""

    def end(self, reason: str) -> None:
        """Read nothing more, and close."""
        ...

    async def is_alive(self, within_wall_s: float) -> bool:
        """Return whether the other end answers in time."""
        ...


class Station:
    """What outlives a station's connections.

    Parameters
    ----------
    station_id : str
    evses : iterable of Evse
        The station's outlets, one a connector.
    on_change : callable
        Called when a car comes or goes, or its driver becomes known.

    `dialect` speaks over `line`, the live connection; both are None while disconnected. `fault` is what the station complains of as
    a whole, "" if nothing. `transactions` maps the ids of the station's own open transactions to connectors: no other station may
    end them; `references` maps the station's own names for them to ids, `events` to what was told of each. `occupied` holds the
    (outlet, connector) pairs with a cable plugged in. `asked` are the settings already asked of the charger: some reboot when
    asked, and must not be asked for ever.
    """

    def __init__(self, station_id: str, evses: Iterable[Evse], on_change: Callable[[], None]) -> None:
        self.station_id, self._on_change = station_id, on_change
        self.log = log.bind(station=station_id)  # for all who speak with it: 200 bytes each
        self.outlets = {evse.connector_id: Outlet(evse=evse) for evse in evses}
        self.line: Line | None = None
        self.dialect: Dialect | None = None
        self.replacements = 0
        self.fault = ""
        self.transactions: dict[int, int] = {}
        self.references: dict[str, int] = {}
        self.events: dict[str, Events] = {}
        self.occupied: set[tuple[int, int]] = set()
        self.restored = False
        self.journal = Journal(station_id)
        self.asked: set[str] = set()
        self.clock = ChargerClock(station_id)
        self._clock_fixes: dict[int, tuple[datetime, datetime]] = {}
        self.rejected_frames = 0

    @property
    def has_one_outlet(self) -> bool:
        """Whether what is said of the station is said of its outlet."""
        return len(self.outlets) == 1

    def connect(self, dialect: Dialect, connection: Line) -> None:
        """Take the newest connection for the live one, and end the one before."""
        old, self.line, self.dialect = self.line, connection, dialect
        if old is not None:
            self.replacements += 1
            log.warning("connection_replaced", station=self.station_id, times=self.replacements)
            old.end("replaced by a newer connection")
        self._on_change()

    def disconnect(self, connection: Line) -> None:
        """Take note that `connection` has ended; one that was replaced changes nothing."""
        if self.line is connection:
            self.line = self.dialect = None
            self._on_change()

    def count_rejected(self) -> None:
        """Count a frame that could not be used."""
        self.rejected_frames += 1

    def mend_instant(self, connector_id: int, told: datetime, now: datetime) -> datetime:
        """Return `now` for an unbelievable instant `told`; told again, the same as before, so that a repeat is recognised."""
        if self._clock_fixes.get(connector_id, (None, now))[0] != told:
            self._clock_fixes[connector_id] = (told, now)
        return self._clock_fixes[connector_id][1]

    def put(self, outlet: Outlet) -> None:
        """Replace what is known of an outlet."""
        before = self.outlets[outlet.evse.connector_id]
        self.outlets[outlet.evse.connector_id] = outlet
        if _car(before.session) != _car(outlet.session):
            self._on_change()

    def restore(self, transactions: Iterable[OpenTransaction]) -> None:
        """Take up transactions that were open before this process began; on each connector the latest goes on."""
        for known in sorted(transactions, key=lambda transaction: transaction.began_at):
            if known.transaction_id not in self.transactions:
                self.transactions[known.transaction_id] = known.connector_id
                if known.reference:
                    self.references[known.reference] = known.transaction_id
                self._resume(known)
        self.restored = True

    async def restore_from(self, transactions: Transactions) -> None:
        """Take up the transactions kept before this process began, once. Raises `UnavailableError`."""
        if not self.restored:
            known = await transactions.open(self.station_id)
            if not self.restored:
                self.restore(known)

    def forget(self, transaction_id: int, reference: str = "") -> None:
        """Take note that a transaction has ended, by whatever names it was told of."""
        self.transactions.pop(transaction_id, None)
        for name in [reference, *(name for name, known in self.references.items() if known == transaction_id)]:
            self.references.pop(name, None)
            self.events.pop(name, None)

    def _resume(self, known: OpenTransaction) -> None:
        outlet = self.outlets.get(known.connector_id)
        if outlet is None or (outlet.transaction and outlet.transaction.began_at > known.began_at):
            return
        transaction = Transaction(
            transaction_id=known.transaction_id,
            driver=known.driver,
            began_at=known.began_at,
            meter_start_kwh=known.meter_start_kwh,
            reference=known.reference,
        )
        self.put(outlet.resumed(transaction))

    def forget_promises(self) -> None:
        """Trust no acknowledged limit and no fallback any more: the charger has restarted."""
        for outlet in self.outlets.values():
            self.put(replace(outlet, promise=None, fallback_from=None))

    def states(self, now: datetime, *, stale_after_s: float) -> list[EvseState]:
        """Return the outlets as the control core sees them at `now`."""
        online = self.dialect is not None
        states = [outlet.state(now, online=online, stale_after_s=stale_after_s) for outlet in self.outlets.values()]
        return [replace(state, fault=state.fault or self.fault) for state in states]


def _car(session: ChargingSession | None) -> tuple[str, str] | None:
    return (session.session_id, session.driver) if session else None
