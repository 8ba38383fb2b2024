"""Faults that befall a simulated farm: which, when, whom; drawn by seed, so that the same run goes wrong in the same way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

import numpy as np
import structlog

from adapters.farm.charger import Charger
from adapters.farm.ocpp.manners import Manners
from adapters.farm.outlet import Outlet
from adapters.farm.visit import Visit
from v2g.ports import Clock

log = structlog.get_logger(__name__)

LEAST_STAY = timedelta(minutes=5)


class FaultKind(StrEnum):
    """What goes wrong at a station."""

    DROP = "drop"
    KILL = "kill"
    STORM = "storm"
    SILENCE = "silence"
    LATE = "late"
    REFUSE = "refuse"
    IGNORE = "ignore"
    REPEAT = "repeat"
    FROZEN_METER = "frozen_meter"
    LYING_METER = "lying_meter"
    WRONG_SOC = "wrong_soc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault from `at_s` [s after the start] for `for_s` [s] at a `share` of the stations (0..1; at least one).

    drop: no network; kill: no power; storm: the connection breaks and is made anew at once; silence: no answer to any command;
    late: answers come `size` [s] late; refuse, ignore: limits are refused, or accepted and not followed; repeat: every request is
    sent twice; frozen_meter: readings stand still; lying_meter: power and energy are `size` times the truth; wrong_soc: the state
    of charge told is `size` (−1..1) off.
    """

    kind: FaultKind
    at_s: float
    for_s: float = 600.0
    share: float = 1.0
    size: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Victim:
    """A station that faults can befall."""

    charger: Charger
    manners: Manners
    outlets: Sequence[Outlet]

    def suffer(self, fault: Fault, *, begins: bool) -> None:
        """Let a fault begin, or end."""
        match fault.kind:
            case FaultKind.STORM:
                if begins:
                    self.charger.cut()
                    self.charger.mend()
            case FaultKind.DROP:
                (self.charger.cut if begins else self.charger.mend)()
            case FaultKind.KILL:
                (self.charger.kill if begins else self.charger.revive)()
            case FaultKind.FROZEN_METER | FaultKind.LYING_METER | FaultKind.WRONG_SOC:
                for outlet in self.outlets:
                    _distort(outlet, fault, begins=begins)
            case _:
                _misbehave(self.manners, fault, begins=begins)


class Mischief:
    """Lets faults happen at the stations of a farm, each at stations of its own."""

    def __init__(self, victims: Mapping[str, Victim], faults: Sequence[Fault], *, clock: Clock, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self._victims, self._clock, names = victims, clock, sorted(victims)
        self._course: list[tuple[float, bool, Fault, list[str]]] = []
        for fault in faults:
            chosen = sorted(rng.choice(names, size=max(round(fault.share * len(names)), 1), replace=False).tolist())
            self._course.append((fault.at_s, True, fault, chosen))
            self._course.append((fault.at_s + fault.for_s, False, fault, chosen))
        self._course.sort(key=lambda event: event[0])

    async def run(self) -> None:
        """Let every fault begin and end; ends with the last."""
        start = self._clock.now()
        for at_s, begins, fault, names in self._course:
            await self._clock.sleep(max(at_s - (self._clock.now() - start).total_seconds(), 0.0))
            log.info("farm_fault", kind=str(fault.kind), begins=begins, stations=len(names), first=names[0])
            for name in names:
                self._victims[name].suffer(fault, begins=begins)


def early_departures(visits: Sequence[Visit], *, share: float, seed: int) -> tuple[Visit, ...]:
    """Return the visits, of which a `share` ends at some moment before its driver said; what they say does not change."""
    rng = np.random.default_rng(seed)
    return tuple(
        replace(visit, leaves_at=_sooner(visit, part)) if early < share else visit
        for visit, (early, part) in zip(visits, rng.random((len(visits), 2)).tolist(), strict=True)
    )


def _sooner(visit: Visit, part: float) -> datetime:
    sooner = visit.arrives_at + (visit.leaves_at - visit.arrives_at) * part
    return min(max(sooner, visit.arrives_at + LEAST_STAY), visit.leaves_at).replace(microsecond=0)


def _distort(outlet: Outlet, fault: Fault, *, begins: bool) -> None:
    match fault.kind:
        case FaultKind.FROZEN_METER:
            outlet.freeze(frozen=begins)
        case FaultKind.LYING_METER:
            outlet.lie_factor = fault.size if begins else 1.0
        case _:
            outlet.soc_error_frac = fault.size if begins else 0.0


def _misbehave(manners: Manners, fault: Fault, *, begins: bool) -> None:
    match fault.kind:
        case FaultKind.SILENCE:
            manners.silent = begins
        case FaultKind.LATE:
            manners.late_s = fault.size if begins else 0.0
        case FaultKind.REFUSE:
            manners.refuses = begins
        case FaultKind.IGNORE:
            manners.ignores = begins
        case _:
            manners.repeats = begins
