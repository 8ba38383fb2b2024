"""Published signals, as the API tells them."""

from dataclasses import asdict

from adapters.web.signals.models import ContractModel, IntervalModel, SignalModel
from v2g.signal_bounds import unit_of
from v2g.signals import Signal


def signal_view(signal: Signal, currency: str) -> SignalModel:
    """Return one published curve."""
    return SignalModel(
        signal_id=signal.signal_id,
        kind=signal.kind,
        unit=unit_of(signal.kind, currency),
        source=signal.source,
        issued_at=signal.issued_at,
        priority=signal.priority,
        reason=signal.reason,
        intervals=[IntervalModel(start=i.start, end=i.end, value=i.value) for i in signal.intervals],
        contract=ContractModel(**asdict(signal.contract)) if signal.contract else None,
    )
