"""What the API says of published signals."""

from datetime import datetime

from adapters.web.models import Model
from v2g.signals import SignalKind


class IntervalModel(Model):
    """One value from `start` (inclusive) to `end` (exclusive)."""

    start: datetime
    end: datetime
    value: float


class ContractModel(Model):
    """What a call pays and fines: per kWh of an event or of deviation from dispatch, per kW and hour of a reserve."""

    payment: float
    penalty: float
    owed_frac: float
    baseline_kw: float | None
    rebound_cap_kw: float | None
    rebound_h: float
    energy_h: float
    offer_max_kw: float


class SignalModel(Model):
    """A published curve; `unit` is that of its values. A lower priority number wins; only calls have a contract."""

    signal_id: str
    kind: SignalKind
    unit: str
    source: str
    issued_at: datetime
    priority: int
    reason: str
    intervals: list[IntervalModel]
    contract: ContractModel | None
