"""Keeping in force here what a VTN wants, and nothing else that came from it."""

from dataclasses import dataclass

import structlog

from adapters.openadr.wanting import Wants
from v2g.errors import SignalError, UnavailableError
from v2g.ports import Station
from v2g.signals import Signal

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Enforced:
    """What came of it: signals that the station `refused`, and `trouble` with keeping them, "" if there was none."""

    refused: tuple[SignalError, ...] = ()
    trouble: str = ""


async def enforce(station: Station, prefix: str, wanted: Wants) -> Enforced:
    """Post what is new or has changed, take back signals of this `prefix` that are no longer wanted.

    A signal whose new version the station refuses stays as it was.
    """
    now, refused, trouble = station.now(), [], ""
    ours = {s.signal_id: s for s in station.signals() if s.signal_id.startswith(prefix)}
    kept = set(wanted.kept)
    for name, signal in wanted.signals.items():
        if signal.ends_at <= now or (name in ours and _same(ours[name], signal)):
            continue
        try:
            await station.post_signal(signal, by=signal.source)
            log.info("openadr_signal", signal_id=name, kind=signal.kind, source=signal.source, n=len(signal.intervals))
        except SignalError as error:
            kept.add(name)
            refused.append(error)
        except UnavailableError as error:
            trouble = str(error)
    for name in ours.keys() - wanted.signals.keys() - kept:
        try:
            await station.withdraw_signal(name, by=ours[name].source)
            log.info("openadr_signal_over", signal_id=name)
        except UnavailableError as error:
            trouble = str(error)
    return Enforced(refused=tuple(refused), trouble=trouble)


def _same(standing: Signal, wanted: Signal) -> bool:
    """Return whether two signals say the same, whenever they were issued."""
    return (standing.kind, standing.intervals, standing.priority, standing.contract, standing.reason, standing.source) == (
        wanted.kind,
        wanted.intervals,
        wanted.priority,
        wanted.contract,
        wanted.reason,
        wanted.source,
    )
