"""What the daemon cannot do or know on a day: whom it cannot tell, who breaks his word, when its meters mislead it."""

import math
from collections import Counter, defaultdict

import numpy as np

from adapters.farm.mischief import FaultKind
from tests.faults.checker import Flags
from tests.faults.stage import Pace
from tests.faults.story import Event, Trouble
from v2g.site import Site
from v2g.timegrid import Array

SETTLING_S = 180.0
"""How long a station counts as one that cannot be told after its trouble is over, or the daemon has come up: it reconnects."""
CONDUCT_S = 90.0
"""How long after a setpoint a reading says whether it is followed."""
FROZEN_S = 3600.0
"""How long meters that stand still may be believed."""
DEAF = frozenset(
    {FaultKind.DROP, FaultKind.KILL, FaultKind.STORM, FaultKind.SILENCE, FaultKind.LATE, FaultKind.REFUSE, FaultKind.IGNORE}
)
FALSE = frozenset({FaultKind.IGNORE, FaultKind.REFUSE, FaultKind.LYING_METER, FaultKind.FROZEN_METER, FaultKind.WRONG_SOC})
PRETENDS = frozenset({FaultKind.IGNORE})
MENDS = frozenset({FaultKind.STORM, FaultKind.KILL})
"""A station comes back after these, though its line be down."""
BLURRED = frozenset({FaultKind.LYING_METER, FaultKind.FROZEN_METER})
FALSE_METERS = frozenset({Trouble.METER_FROZEN, Trouble.METER_SILENT, Trouble.METER_SPIKES, Trouble.CLOCK_JUMPS})


class Excuses:
    """Told every event as it begins and ends, and when the daemon comes up; instants are seconds of the day."""

    def __init__(self, site: Site, pace: Pace) -> None:
        self._stations = [e.station_id for e in site.evses]
        self._lease_s, self._stale_s, self._pace = site.rules.lease_s, site.rules.stale_after_s, pace
        self._deaf_until, self._false_until = _never(), _never()
        self._pretends_until, self._blurred_until = _never(), _never()
        self._cut_since, self._n_drops = dict[str, float](), Counter[str]()
        self._since, self._n_false_meters, self._jumped_until = dict[Trouble, float](), 0, 0.0
        self.up_since = -math.inf

    def begin(self, event: Event) -> None:
        """Take in that `event` begins."""
        over_s = event.at_s + event.for_s + SETTLING_S
        self._n_false_meters += event.kind in FALSE_METERS
        if event.kind is Trouble.CLOCK_JUMPS:
            self._jumped_until = max(self._jumped_until, over_s + abs(event.size) + self._lease_s)
        if isinstance(event.kind, Trouble):
            self._since.setdefault(event.kind, event.at_s)
        for name in event.stations:
            if event.kind in DEAF or event.kind is Trouble.WEATHER:
                self._deaf_until[name] = max(self._deaf_until[name], over_s)
            for kinds, until in ((FALSE, self._false_until), (PRETENDS, self._pretends_until), (BLURRED, self._blurred_until)):
                if event.kind in kinds:
                    until[name] = max(until[name], over_s + self._lease_s)
            if event.kind is FaultKind.DROP:
                self._n_drops[name] += 1
                self._cut_since.setdefault(name, max(event.at_s, self._jumped_until))
            elif event.kind in MENDS:
                self._cut_since.pop(name, None)

    def end(self, event: Event, *, goes_on: bool) -> None:
        """Take in that `event` ends; `goes_on` says whether another of its kind does not."""
        self._n_false_meters -= event.kind in FALSE_METERS
        if isinstance(event.kind, Trouble) and not goes_on:
            self._since.pop(event.kind, None)
        for name in event.stations:
            self._n_drops[name] -= event.kind is FaultKind.DROP
            if event.kind in MENDS or not self._n_drops[name]:
                self._cut_since.pop(name, None)

    @property
    def meters_true(self) -> bool:
        """Whether the site's meters, and the daemon's clock, say what is."""
        return not self._n_false_meters

    def misleads(self, now_s: float) -> bool:
        """Return whether meters say what is not, and nobody can tell: they spike, or have not been silent or frozen for long."""
        silent_s = now_s - self._since.get(Trouble.METER_SILENT, -math.inf)
        frozen_s = now_s - max(self._since.get(Trouble.METER_FROZEN, -math.inf), self.up_since)
        is_frozen = Trouble.METER_FROZEN in self._since and frozen_s < FROZEN_S
        return Trouble.METER_SPIKES in self._since or silent_s < self._stale_s or is_frozen

    def listens(self, now_s: float) -> Flags:
        """Return whom the daemon can command."""
        up = now_s > self.up_since + SETTLING_S
        return np.array([up and now_s >= self._deaf_until[name] for name in self._stations])

    def obeys(self, now_s: float) -> Flags:
        """Return who keeps to what it promised."""
        return np.array([now_s >= self._false_until[name] for name in self._stations])

    def cut_off_s(self, now_s: float) -> Array:
        """Return for how long no command can have come to each outlet [s]."""
        return np.array([max(now_s - self._cut_since.get(name, now_s), 0.0) for name in self._stations])

    def known_after_s(self, now_s: float) -> Array:
        """Return how long it takes to find out what each outlet draws, if it is not what it said [s]: until its meter has told."""
        return np.array([self._found_out_s(name, now_s) for name in self._stations])

    def _found_out_s(self, name: str, now_s: float) -> float:
        if now_s >= self._pretends_until[name]:
            return 0.0
        return math.inf if now_s < self._blurred_until[name] else self._pace.sample_s + self._pace.fast_s + CONDUCT_S


def _never() -> defaultdict[str, float]:
    return defaultdict(lambda: -1.0)
