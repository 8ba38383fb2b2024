"""One connector of an OCPP charge point: its car, its transaction, its status and its samples."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from adapters.farm.ocpp.fields import stamp
from adapters.farm.ocpp.v16.profiles import Profiles
from adapters.farm.ocpp.v16.settings import Settings
from adapters.farm.outlet import Outlet
from v2g.site import Evse
from v2g.units import w_from_kw, wh_from_kwh

TAG_LENGTH = 20


@dataclass(slots=True, kw_only=True)
class Transaction:
    """A transaction; `transaction_id` is None until the central system has given one. `dropped`: its driver was refused."""

    tag: str
    began_at: datetime
    meter_start_wh: int
    transaction_id: int | None = None
    dropped: bool = False


class Connector:
    """State of one connector. `ended` is True while a car stays whose transaction is over.

    `operative` is what it is, `to_be_operative` what the central system wants as soon as no transaction stands in the way;
    `reserved_for` is the id of a reservation.
    """

    def __init__(self, outlet: Outlet, n_connectors: int) -> None:
        self.outlet, self._n_connectors = outlet, n_connectors
        self.transaction: Transaction | None = None
        self.ended = False
        self.announced = ""
        self.operative = self.to_be_operative = True
        self.reserved_for: int | None = None

    @property
    def evse(self) -> Evse:
        """The outlet as the site file describes it."""
        return self.outlet.evse

    @property
    def is_free(self) -> bool:
        """Whether a car could come and charge."""
        return self.outlet.visit is None and self.operative

    @property
    def register_wh(self) -> int:
        """The meter's register [Wh]."""
        return round(wh_from_kwh(self.outlet.imported_kwh))

    @property
    def tag(self) -> str:
        """The id tag of the driver who plugged in."""
        visit = self.outlet.visit
        return "unknown" if visit is None or not visit.driver else visit.driver[:TAG_LENGTH]

    def limit_kw(self, profiles: Profiles, now: datetime) -> float:
        """Return what the car may draw [kW, < 0 to give back]: nothing without a transaction."""
        return 0.0 if self.transaction is None else self.allowed_kw(profiles, now)

    def allowed_kw(self, profiles: Profiles, now: datetime) -> float:
        """Return what a car may draw [kW]; no more is given back than it can."""
        began_at = self.transaction.began_at if self.transaction else None
        return max(profiles.limit_kw(self.evse, now, began_at, self._n_connectors), -self.outlet.discharge_max_kw)

    def settle(self, profiles: Profiles, now: datetime) -> None:
        """Put in force what holds at `now`, and what will when that changes: a lease ends at its instant."""
        change = profiles.next_change(self.evse, now, self.transaction.began_at) if self.transaction else None
        self.outlet.let(self.limit_kw(profiles, now), change, self.limit_kw(profiles, change or now))

    def status(self, now: datetime) -> str:
        """Return the ChargePointStatus (OCPP 1.6, section 4.9)."""
        if self.is_free:
            return "Available" if self.reserved_for is None else "Reserved"
        if self.outlet.visit is None:
            return "Unavailable"
        if self.transaction is None:
            return "Finishing" if self.ended else "Preparing"
        if self.outlet.flows:
            return "Charging"
        return "SuspendedEVSE" if 0.0 <= self.outlet.ceiling_kw(now) < max(self.evse.charge_min_kw, 1e-3) else "SuspendedEV"

    def sample(self, settings: Settings, now: datetime) -> dict[str, Any]:
        """Return the payload of a MeterValues with what is to be measured."""
        values = {
            "Power.Active.Import": (f"{w_from_kw(max(self.outlet.power_kw, 0.0)):.1f}", "W", "Outlet"),
            "Power.Active.Export": (f"{w_from_kw(max(-self.outlet.power_kw, 0.0)):.1f}", "W", "Outlet"),
            "Energy.Active.Import.Register": (f"{wh_from_kwh(self.outlet.imported_kwh):.1f}", "Wh", "Outlet"),
            "Energy.Active.Export.Register": (f"{wh_from_kwh(self.outlet.exported_kwh):.1f}", "Wh", "Outlet"),
            "SoC": (f"{100.0 * self.outlet.soc_frac:.1f}", "Percent", "EV"),
            "Power.Offered": (f"{w_from_kw(self.outlet.ceiling_kw(now)):.1f}", "W", "Outlet"),
        }
        sampled = [
            {"measurand": name, "value": value, "unit": unit, "location": location, "context": "Sample.Periodic"}
            for name, (value, unit, location) in values.items()
            if name in settings.measurands
        ]
        payload: dict[str, Any] = {
            "connectorId": self.evse.connector_id,
            "meterValue": [{"timestamp": stamp(now), "sampledValue": sampled}],
        }
        if self.transaction is not None and self.transaction.transaction_id is not None:
            payload["transactionId"] = self.transaction.transaction_id
        return payload
