"""What goes wrong on a day: drawn by seed, told in words, and shortened."""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from adapters.farm.mischief import Fault, FaultKind
from tests.faults.stage import BRISK, BROAD, CLOSE, DAYS, Pace, station

DAY_S = 86_400.0
FEWEST, MOST = 6, 20
LONGEST_S = 20_000.0


class Trouble(StrEnum):
    """What goes wrong beyond the chargers themselves."""

    WEATHER = "frames are lost, late, twice, in disorder"
    METER_SILENT = "the site's meters are silent"
    METER_FROZEN = "the site's meters are frozen"
    METER_SPIKES = "the site's meters spike"
    SOLVER_HANGS = "the solver hangs"
    SOLVER_CRASHES = "the solver crashes"
    SOLVER_RAVES = "the solver answers nonsense"
    DATABASE_FULL = "the database's disk is full"
    DATABASE_LOCKED = "the database is locked"
    DATABASE_READ_ONLY = "the database is read-only"
    CLOCK_JUMPS = "the daemon's clock jumps"
    KILLED = "the daemon is killed"
    LIMITED = "the grid operator limits import"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A trouble from `at_s` [s after midnight] for `for_s` [s], at `stations` if it is theirs; `size` is as its kind wants."""

    kind: Trouble | FaultKind
    at_s: float
    for_s: float
    size: float = 0.0
    stations: tuple[str, ...] = ()

    def __str__(self) -> str:
        whom = f" at {', '.join(self.stations)}" if self.stations else ""
        return f"{_clock(self.at_s)} for {self.for_s:.0f} s: {self.kind}{whom} (size {self.size:.3g})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A day: its `seed` draws cars, load and network; `events` are what goes wrong, `until_s` when it ends [s after midnight]."""

    seed: int
    day: datetime
    pace: Pace = BRISK
    events: tuple[Event, ...] = field(default=())
    until_s: float = DAY_S

    def __str__(self) -> str:
        told = [f"seed {self.seed}, {self.day:%Y-%m-%d} until {_clock(self.until_s)}", *map(str, self.events)]
        return "\n  ".join(told)


STATIONS = tuple(e.station_id for e in station(BRISK).evses)


KINDS: tuple[Trouble | FaultKind, ...] = (*Trouble, *FaultKind)


def draw(seed: int, kinds: Sequence[Trouble | FaultKind] = KINDS) -> Story:
    """Return the story of `seed`, in which only `kinds` go wrong; of a hundred, nine are looked at closer, and one closely."""
    rng = random.Random(seed)  # repeatable on purpose
    pace = CLOSE if seed % 100 == 0 else BRISK if seed % 10 == 0 else BROAD
    drawn = [_event(rng, rng.choice(kinds), slower=pace.fast_s / BRISK.fast_s) for _ in range(rng.randint(FEWEST, MOST))]
    return Story(seed=seed, day=rng.choice(DAYS), pace=pace, events=tuple(sorted(drawn, key=lambda e: e.at_s)))


def farm_faults(event: Event) -> Fault:
    """Return an event of the farm's own as the farm takes it."""
    assert isinstance(event.kind, FaultKind)
    return Fault(kind=event.kind, at_s=event.at_s, for_s=event.for_s, size=event.size)


def _event(rng: random.Random, kind: Trouble | FaultKind, *, slower: float) -> Event:
    """Return an event of `kind`; it lasts the longer the `slower` the daemon looks."""
    at_s, for_s = rng.uniform(0.0, 0.95 * DAY_S), min(slower * 10.0 ** rng.uniform(1.3, 4.0), LONGEST_S)
    everybody = isinstance(kind, Trouble) and kind is not Trouble.WEATHER
    victims = () if everybody else tuple(sorted(rng.sample(STATIONS, rng.choice((1, 2, 6, len(STATIONS))))))
    if kind is Trouble.KILLED:
        for_s = rng.uniform(3.0, 1200.0)
    return Event(kind=kind, at_s=at_s, for_s=for_s, size=SIZES[kind](rng) if kind in SIZES else 0.0, stations=victims)


SIZES: dict[Trouble | FaultKind, Callable[[random.Random], float]] = {
    FaultKind.LATE: lambda rng: rng.uniform(0.5, 20.0),
    FaultKind.LYING_METER: lambda rng: rng.choice((0.0, 0.5, 0.9, 1.5)),
    FaultKind.WRONG_SOC: lambda rng: rng.uniform(-0.5, 0.5),
    Trouble.CLOCK_JUMPS: lambda rng: rng.choice((-1.0, 1.0)) * math.exp(rng.uniform(0.0, 9.0)),
    Trouble.LIMITED: lambda rng: rng.uniform(60.0, 140.0),
    Trouble.WEATHER: lambda rng: rng.uniform(0.02, 0.4),
}
"""What the size of an event is drawn from, by its kind: s, share, kW; 0 where there is none."""


def _clock(at_s: float) -> str:
    return f"{int(at_s // 3600):02d}:{int(at_s % 3600 // 60):02d}:{int(at_s % 60):02d}"
