"""An OCPP 2.x station without its socket: what happens at it, and what it therefore has to tell."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Protocol

from adapters.farm.ocpp.fields import stamp
from adapters.farm.ocpp.link import Payload
from adapters.farm.ocpp.v2.bay import Bay
from adapters.farm.ocpp.v2.grammar import Grammar
from adapters.farm.ocpp.v2.inventory import ENDED, SAMPLED, STARTED, UPDATED, inventory
from adapters.farm.ocpp.v2.papers import Papers
from adapters.farm.ocpp.v2.profile import Order
from adapters.farm.ocpp.v2.profiles import Place, Profiles
from adapters.farm.ocpp.v2.samples import meter_value
from adapters.farm.ocpp.v2.transaction import CONNECTED, Transaction
from adapters.farm.outlet import Outlet
from adapters.farm.visit import Visit
from v2g.ports import Clock

Begun = Callable[[str, Visit], None]
TOKEN = "ISO14443"  # noqa: S105  # a kind of card, no secret


def _ignored(_: Payload) -> None:
    """Do nothing with an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tell:
    """A request to the central system, and what to do with its answer."""

    action: str
    payload: Payload
    then: Callable[[Payload], None] = _ignored


class Shell(Protocol):
    """What carries a station's words, and its reboots."""

    def tell(self, tell: Tell) -> None:
        """Send a request in its turn; it is kept while the station is offline."""
        ...

    def restart(self, reason: str) -> None:
        """Boot anew, soon."""
        ...

    def boot_again(self) -> None:
        """Send a boot that was asked for, soon."""
        ...

    def waiting(self) -> bool:
        """Return whether anything waits to be sent."""
        ...


class Point:
    """The state of one station.

    `begun(evse_id, visit)` is told when the central system knows a transaction. `discharge_share` is the share of its rating that a
    car may give back at most.
    """

    def __init__(
        self,
        station_id: str,
        outlets: Sequence[Outlet],
        *,
        grammar: Grammar,
        clock: Clock,
        begun: Begun,
        shell: Shell,
        sample_s: float,
    ) -> None:
        self.station_id, self.grammar, self.clock, self.shell, self._begun = station_id, grammar, clock, shell, begun
        self.bays = {o.evse.connector_id: Bay(o, len(outlets)) for o in outlets}
        self._by_unit = {bay.outlet.unit: bay for bay in self.bays.values()}
        self.profiles = Profiles()
        self.model = inventory(station_id, [o.evse for o in outlets], grammar, sample_s)
        self.papers = Papers()
        self.alive, self._online, self._offline_since = True, False, clock.now()
        self._restart_when_idle = ""
        self.discharge_share = 1.0

    @property
    def online(self) -> bool:
        """Whether the central system has accepted the station and is connected."""
        return self._online

    @property
    def offline_s(self) -> float:
        """How long the station has been cut off [s], 0 while it is not."""
        return 0.0 if self._online else (self.clock.now() - self._offline_since).total_seconds()

    @property
    def busy(self) -> bool:
        """Whether any transaction is open."""
        return any(bay.transaction for bay in self.bays.values())

    def restart_when_idle(self, reason: str) -> None:
        """Boot anew, for an OCPP `reason`, when the last transaction has ended."""
        self._restart_when_idle = reason

    def connect(self) -> None:
        """Note that the central system accepted the station: tell every status, and what the cars need."""
        self.profiles.forget_invalid(self.offline_s)
        self._online = True
        for bay in self.bays.values():
            bay.announced = ""
        self.settle(self.clock.now())

    def disconnect(self) -> None:
        """Note that the central system is gone."""
        if self._online:
            self._online, self._offline_since = False, self.clock.now()

    def bay_of(self, transaction_id: str) -> Bay | None:
        """Return where a transaction is open, None if it is nowhere."""
        bays = self.bays.values()
        return next((b for b in bays if b.transaction and b.transaction.transaction_id == transaction_id), None)

    def plugged(self, unit: int, visit: Visit) -> None:
        """Note a car and begin its transaction."""
        bay = self._by_unit[unit]
        bay.outlet.visit, bay.reserved_for = visit, None
        if self.alive and bay.operative:
            self.begin(bay, bay.tag)

    def unplugged(self, unit: int) -> None:
        """Note that the car has gone and end its transaction."""
        bay = self._by_unit[unit]
        self.end(bay, "EVCommunicationLost", "EVDisconnected")
        bay.outlet.visit = None

    def revive(self) -> None:
        """Have power again: transactions ended without it, and cars that are there begin new ones."""
        self.alive = True
        for bay in self.bays.values():
            self.end(bay, "AbnormalCondition", "PowerLoss")
            if bay.outlet.visit is not None and bay.operative:
                self.begin(bay, bay.tag)

    def begin(self, bay: Bay, tag: str, remote_start_id: int | None = None) -> None:
        """Begin a transaction: energy flows at once, and stops if the central system refuses the driver."""
        now = self.clock.now()
        transaction = Transaction(evse_id=bay.evse_id, tag=tag, began_at=now, remote_start_id=remote_start_id)
        bay.transaction = transaction
        trigger = "CablePluggedIn" if remote_start_id is None else "RemoteStart"
        then = partial(self._note_begun, bay, transaction)
        self._event(bay, transaction, "Started", trigger, then=then, context="Transaction.Begin", measurands=STARTED)
        if remote_start_id is None and not self._online and self.papers.refuses(tag):
            self.end(bay, "Deauthorized", "DeAuthorized")
        elif remote_start_id is not None or not self._online:
            self._identify(bay, transaction)
        else:
            self.shell.tell(
                Tell(action="Authorize", payload={"idToken": _token(tag)}, then=partial(self._authorized, bay, transaction))
            )

    def end(self, bay: Bay, trigger: str, reason: str) -> None:
        """End the transaction at `bay`, if there is one, for an OCPP `reason`."""
        transaction, bay.transaction = bay.transaction, None
        if transaction is None:
            return
        self.profiles.end_transaction(transaction.transaction_id)
        info = {"stoppedReason": reason}
        self._event(bay, transaction, "Ended", trigger, info=info, context="Transaction.End", measurands=ENDED)

    def update(self, bay: Bay, trigger: str, *, measured: str = "") -> None:
        """Tell of the open transaction at `bay`; with a context `measured`, its meter values too."""
        if bay.transaction is not None:
            self._event(bay, bay.transaction, "Updated", trigger, context=measured, measurands=UPDATED)

    def sample(self) -> None:
        """Tell of what every open transaction's meter says now."""
        for bay in self.bays.values():
            self.update(bay, "MeterValuePeriodic", measured="Sample.Periodic")

    def place(self, bay: Bay) -> Place:
        """Return where the profiles of `bay` are asked what holds; a car gives back only what it may."""
        allowed = bay.transaction.allowed if bay.transaction else None
        may = allowed is None or any("BPT" in mode for mode in allowed)
        gives_kw = self.discharge_share * bay.outlet.discharge_max_kw if may else 0.0
        return bay.place(gives_kw=gives_kw, offline_s=self.offline_s)

    def order(self, bay: Bay, now: datetime) -> Order:
        """Return what holds at `bay`: nothing without a transaction, its own fallback where no profile speaks."""
        if bay.transaction is None or not self.alive:
            return Order(power_kw=0.0)
        return self.profiles.order(self.place(bay), now)

    def settle(self, now: datetime) -> None:
        """Put what holds at `now` in force; tell what changed."""
        for bay in self.bays.values():
            if bay.transaction is None:
                bay.operative = bay.to_be_operative
            order = self.order(bay, now)
            change = self.profiles.next_change(self.place(bay), now)
            bay.outlet.let(order.power_kw, change, self.order(bay, change or now).power_kw)  # a lease ends at its instant
            if self.alive:
                self._tell_changes(bay, order, now)
        if self._restart_when_idle and not self.busy:
            self.shell.restart(self._restart_when_idle)
            self._restart_when_idle = ""

    def announce(self, bay: Bay, now: datetime) -> None:
        """Tell the status of `bay`."""
        bay.announced = bay.status
        payload = {"timestamp": stamp(now), "connectorStatus": bay.status, "evseId": bay.evse_id, "connectorId": 1}
        self.shell.tell(Tell(action="StatusNotification", payload=payload))

    def tell_needs(self, bay: Bay) -> None:
        """Tell what the car at `bay` needs, as it says itself (ISO 15118)."""
        transaction = bay.transaction
        if transaction is None or bay.outlet.visit is None:
            return
        transaction.needs_told = True
        payload = {"evseId": bay.evse_id, "chargingNeeds": self.grammar.needs(bay.outlet, bay.outlet.visit)}
        self.shell.tell(Tell(action="NotifyEVChargingNeeds", payload=payload))

    def _tell_changes(self, bay: Bay, order: Order, now: datetime) -> None:
        transaction = bay.transaction
        if transaction is not None and transaction.state != CONNECTED and bay.charging_state(now) != transaction.state:
            transaction.state = bay.charging_state(now)
            self.update(bay, "ChargingStateChanged")
        if transaction is not None and self.grammar.modes and order.mode != transaction.mode:
            transaction.mode = order.mode
            self.update(bay, "OperationModeChanged")
        if self._online and bay.status != bay.announced:
            self.announce(bay, now)
        if self._online and transaction is not None and transaction.state != CONNECTED and not transaction.needs_told:
            self.tell_needs(bay)

    def _authorized(self, bay: Bay, transaction: Transaction, answer: Payload) -> None:
        named = answer.get("allowedEnergyTransfer")
        transaction.allowed = transaction.allowed if named is None else frozenset(named)
        self._judge(bay, transaction, answer)
        if bay.transaction is transaction:
            self._identify(bay, transaction)

    def _identify(self, bay: Bay, transaction: Transaction) -> None:
        """Tell whose transaction it is, and what the car needs."""
        transaction.state = bay.charging_state(self.clock.now())
        then = partial(self._judge, bay, transaction)
        self._event(bay, transaction, "Updated", "Authorized", then=then, idToken=_token(transaction.tag))
        if self._online:
            self.tell_needs(bay)

    def _judge(self, bay: Bay, transaction: Transaction, answer: Payload) -> None:
        """Stop if the central system does not know the driver."""
        info = answer.get("idTokenInfo")
        if info is not None and info["status"] != "Accepted" and bay.transaction is transaction:
            self.end(bay, "Deauthorized", "DeAuthorized")

    def _note_begun(self, bay: Bay, transaction: Transaction, answer: Payload) -> None:
        self._judge(bay, transaction, answer)
        visit = bay.outlet.visit
        if visit is not None and bay.transaction is transaction:
            self._begun(bay.outlet.evse.evse_id, visit)

    def _event(
        self,
        bay: Bay,
        transaction: Transaction,
        kind: str,
        trigger: str,
        *,
        then: Callable[[Payload], None] = _ignored,
        context: str = "",
        measurands: str = "",
        info: Payload | None = None,
        **more: Payload,
    ) -> None:
        """Tell a TransactionEvent, with the values of the list `measurands` where there is a `context`."""
        now, mode = self.clock.now(), {"operationMode": transaction.mode} if self.grammar.modes else {}
        fields: dict[str, Payload | list[Payload]] = {**more, "info": mode | (info or {})}
        if context:
            wanted = self.model.text(SAMPLED, measurands).split(",")
            fields["meterValue"] = [meter_value(bay.outlet, now, wanted, context)]
        payload = transaction.event(kind, trigger, now, offline=not self._online, **fields)
        self.shell.tell(Tell(action="TransactionEvent", payload=payload, then=then))


def _token(tag: str) -> Payload:
    return {"idToken": tag, "type": TOKEN}
