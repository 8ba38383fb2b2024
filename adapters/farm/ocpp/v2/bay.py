"""One EVSE of a 2.x station, with its only connector: its car, its transaction, its status."""

from datetime import datetime

from adapters.farm.ocpp.v2.profiles import Place
from adapters.farm.ocpp.v2.transaction import BY_CAR, BY_STATION, CHARGING, Transaction
from adapters.farm.outlet import Outlet

TAG_LENGTH = 36
LEAST_KW = 1e-3


class Bay:
    """State of one EVSE.

    `operative` is what it is, `to_be_operative` what the central system wants as soon as no transaction stands in the way;
    `reserved_for` is the id of a reservation.
    """

    def __init__(self, outlet: Outlet, n_evses: int) -> None:
        self.outlet, self._n_evses = outlet, n_evses
        self.transaction: Transaction | None = None
        self.operative = self.to_be_operative = True
        self.reserved_for: int | None = None
        self.announced = ""

    @property
    def evse_id(self) -> int:
        """Its number on the wire: that of the connector in the site file."""
        return self.outlet.evse.connector_id

    @property
    def tag(self) -> str:
        """The id token of the driver who plugged in."""
        visit = self.outlet.visit
        return "unknown" if visit is None or not visit.driver else visit.driver[:TAG_LENGTH]

    @property
    def status(self) -> str:
        """The ConnectorStatusEnumType."""
        if self.outlet.visit is not None:
            return "Occupied"
        if not self.operative:
            return "Unavailable"
        return "Available" if self.reserved_for is None else "Reserved"

    def place(self, *, gives_kw: float, offline_s: float) -> Place:
        """Return where its profiles are asked what holds."""
        transaction = self.transaction
        return Place(
            evse=self.outlet.evse,
            n_evses=self._n_evses,
            transaction_id=transaction.transaction_id if transaction else None,
            began_at=transaction.began_at if transaction else None,
            priority=transaction.priority if transaction else False,
            offline_s=offline_s,
            gives_kw=gives_kw,
        )

    def charging_state(self, now: datetime) -> str:
        """Return the ChargingStateEnumType of a transaction whose driver is known."""
        if self.outlet.flows:
            return CHARGING
        ceiling_kw = self.outlet.ceiling_kw(now)
        least_kw = max(self.outlet.evse.charge_min_kw if ceiling_kw > 0.0 else 0.0, LEAST_KW)
        return BY_STATION if abs(ceiling_kw) < least_kw else BY_CAR
