"""A transaction as an OCPP 2.x station tells of it: numbered events, whether or not anybody listens (OCPP 2.0.1, E)."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from adapters.farm.ocpp.fields import stamp
from adapters.farm.ocpp.link import Payload
from adapters.farm.ocpp.v2.profile import CHARGING_ONLY

CONNECTED, CHARGING, BY_CAR, BY_STATION = "EVConnected", "Charging", "SuspendedEV", "SuspendedEVSE"
STARTED, UPDATED, ENDED = "Started", "Updated", "Ended"


@dataclass(slots=True, kw_only=True)
class Transaction:
    """A transaction at the EVSE `evse_id`.

    `state` and `mode` are what was last told; `allowed` the modes of energy transfer that the central system named, None if it
    named none; `priority` whether the driver's priority charging is used; `needs_told` whether it knows what the car needs.
    """

    evse_id: int
    tag: str
    began_at: datetime
    transaction_id: str = field(default_factory=lambda: str(uuid4()))
    remote_start_id: int | None = None
    state: str = CONNECTED
    mode: str = CHARGING_ONLY
    allowed: frozenset[str] | None = None
    priority: bool = False
    needs_told: bool = False
    next_seq_no: int = 0

    def event(self, kind: str, trigger: str, at: datetime, *, offline: bool, **more: Any) -> Payload:
        """Return the next TransactionEvent. `more` are further fields of it, of which `info` goes into transactionInfo."""
        info = {"transactionId": self.transaction_id, "chargingState": self.state} | more.pop("info", {})
        if self.remote_start_id is not None:
            info["remoteStartId"] = self.remote_start_id
        payload: Payload = {
            "eventType": kind,
            "timestamp": stamp(at),
            "triggerReason": trigger,
            "seqNo": self.next_seq_no,
            "offline": offline,
            "transactionInfo": info,
            "evse": {"id": self.evse_id, "connectorId": 1},
        }
        self.next_seq_no += 1
        return payload | more
