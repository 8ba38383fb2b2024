"""One day of the station under one story."""

import asyncio
import hashlib
import logging
import random
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import UUID

import numpy as np
import structlog

from adapters.farm.live import LiveFarm
from adapters.farm.mischief import FaultKind
from adapters.farm.ocpp import wire as wire_module
from adapters.farm.ocpp.v2 import transaction as transaction_module
from adapters.store.store import Store
from config.people import live_station
from tests.faults import stage
from tests.faults.checker import Checker, Findings, Sight
from tests.faults.daemon import Conditions, Daemon
from tests.faults.excuses import Excuses
from tests.faults.network import Network, Weather
from tests.faults.records import Witness, frame_of
from tests.faults.story import DAY_S, Event, Story, Trouble, farm_faults
from tests.faults.virtual import LoopClock, run_virtual
from v2g.errors import V2GError
from v2g.observation import Reading
from v2g.session import Wishes
from v2g.signals import Interval, Signal, SignalKind

ANSWER_WITHIN_S = 10.0
RESTART_S = 5.0
MEMORY = Path("/dev/shm")  # noqa: S108  # a file system in memory: a day is a thousand commits
MOST_DEATHS = 3


@dataclass(slots=True, kw_only=True)
class Verdict:
    """How a day went: what must not be, and the hash of all that was."""

    findings: Findings
    trace: str
    worst_kw: float = 0.0
    n_acknowledged: int = 0
    n_restarts: int = 0


def run_day(story: Story, *, until: str = "") -> Verdict:
    """Run a story to its end, or until there is a finding of the kind `until`."""
    with _silence(), tempfile.TemporaryDirectory(prefix="v2g-day-", dir=MEMORY if MEMORY.is_dir() else None) as folder:
        database = Path(folder) / "day.sqlite"
        shutil.copy(_empty_database(), database)
        return run_virtual(Day(story, database, until).run())


@contextmanager
def _silence() -> Iterator[None]:
    """Log nothing: a day on which everything goes wrong has much to tell."""
    kept = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL), cache_logger_on_first_use=False)
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        structlog.configure(**kept)
        logging.disable(logging.NOTSET)


@cache
def _empty_database() -> Path:
    """Return a database with today's schema, made once a process."""
    path = Path(tempfile.mkdtemp(prefix="v2g-campaign-")) / "empty.sqlite"

    async def make() -> None:
        async with Store(f"sqlite:///{path}", LoopClock(datetime.fromisoformat("2026-01-01T00:00:00+00:00"))):
            pass

    asyncio.run(make())
    return path


def _causes(error: BaseException) -> str:
    """Return what is in `error`, and in the errors that it groups."""
    return "; ".join(map(_causes, error.exceptions)) if isinstance(error, BaseExceptionGroup) else repr(error)


class _Meters:
    """The site's meters; fills `v2g.ports.Meters`."""

    def __init__(self, day: "Day") -> None:
        self._day, self._last = day, dict[str, Reading]()

    def reading(self, name: str) -> Reading | None:
        """Return what the meter shows, or showed last."""
        day, troubles = self._day, self._day.conditions.troubles
        if Trouble.METER_SILENT not in troubles:
            value = day.farm._readings(day.truth.now())[name]
            if Trouble.METER_FROZEN in troubles and name in self._last:
                value = self._last[name].value
            elif Trouble.METER_SPIKES in troubles and day.rng.random() < 0.1:
                value = day.rng.choice((-1e6, 1e6, 0.0))
            self._last[name] = Reading(value=value, at=day.clock.now())
        return self._last.get(name)


class Day:
    """A day in the making."""

    def __init__(self, story: Story, database: Path, until: str) -> None:
        self._story, self._database, self._until, self._found = story, database, until, asyncio.Event()
        self.rng = random.Random(story.seed + 1)  # repeatable on purpose
        self.site = stage.station(story.pace)
        start = stage.midnight(story.day)
        self.truth, self.clock = LoopClock(start), LoopClock(start)
        self.conditions = Conditions(random.Random(story.seed + 2))
        self._witness, self._hash = Witness(), hashlib.sha256()
        self._network = Network(random.Random(story.seed + 3), self._hear)
        self._excuses = Excuses(self.site, story.pace)
        self._active: list[Event] = []
        self._published: list[Interval] = []
        step_s = story.pace.step_s
        self._takes_kw = np.array([e.charge_max_kw for e in self.site.evses])
        self._gives_kw = np.array([e.discharge_max_kw for e in self.site.evses])
        reaction_s = story.pace.fast_s + 2.0 * ANSWER_WITHIN_S + step_s
        self._checker = Checker(self.site, reaction_s=reaction_s, lease_s=self.site.rules.lease_s, step_s=step_s)
        self._verdict = Verdict(findings=self._checker.findings, trace="")

    async def run(self) -> Verdict:
        """Let the day pass."""
        start, hours_h, seed = self.truth.start, DAY_S / 3600 + 2, self._story.seed
        names = random.Random(seed + 4)
        with (
            patch.object(wire_module, "connect", self._network.connect),
            patch.object(live_station, "POINT_EVERY", timedelta(seconds=self._story.pace.sample_s)),
            patch.object(transaction_module, "uuid4", lambda: UUID(int=names.getrandbits(128), version=4)),
        ):
            self.farm = LiveFarm(
                self.site,
                stage.cars(self.site, start, seed),
                load_kw=stage.load(start, hours_h, seed),
                pv_kw=stage.sun(self.site, start, hours_h, seed),
                clock=self.truth,
                ocpp_url="ws://campaign",
                broker=None,
                tell_wishes=self._tell,
                step_s=self._story.pace.step_s,
                sample_s=self._story.pace.sample_s,
            )
            self.daemon = Daemon(
                self.site,
                f"sqlite:///{self._database}",
                clock=self.clock,
                network=self._network,
                meters=_Meters(self),
                conditions=self.conditions,
                sample_s=self._story.pace.sample_s,
            )
            with self._looking_on():
                await self._live()
        self._verdict.findings.records += list(self._witness.check(self._database))
        self._verdict.n_acknowledged = self._witness.n_acknowledged
        self._verdict.worst_kw = self._checker.worst_kw
        self._verdict.trace = self._hash.hexdigest()
        return self._verdict

    async def _live(self) -> None:
        await self._start_daemon()
        async with self.farm:
            watching = asyncio.create_task(self._watch_over())
            for at_s, begins, event in self._course():
                if await self._found_by(at_s):
                    break
                await (self._begin(event) if begins else self._end(event))
            await self._found_by(self._story.until_s)
            self.farm.outcome()
            watching.cancel()
            await self.daemon.kill()

    async def _found_by(self, at_s: float) -> bool:
        """Wait until `at_s` [s], or until what is looked for is found; return whether it is."""
        with suppress(TimeoutError):
            async with asyncio.timeout_at(at_s):
                await self._found.wait()
        return self._found.is_set()

    def _course(self) -> list[tuple[float, bool, Event]]:
        """Return the beginnings and ends of events in order."""
        events = [e for e in self._story.events if e.at_s < self._story.until_s]
        course = [(e.at_s, True, e) for e in events] + [(e.at_s + e.for_s, False, e) for e in events]
        return sorted((c for c in course if c[0] < self._story.until_s), key=lambda c: c[0])

    async def _start_daemon(self) -> None:
        await self.daemon.start()
        self._excuses.up_since = asyncio.get_running_loop().time()

    async def _watch_over(self) -> None:
        """Start a daemon that ended by itself again, as its service manager does, and tell of it."""
        deaths = self._verdict.findings.deaths
        while len(deaths) < MOST_DEATHS:
            trouble = await self.daemon.ended()
            if not self.daemon.was_refused(trouble):
                deaths.append(f"{asyncio.get_running_loop().time():.0f} s: {_causes(trouble)}")
            await asyncio.sleep(RESTART_S)
            if not self.daemon.runs:
                await self._start_daemon()

    async def _begin(self, event: Event) -> None:
        self._active.append(event)
        self._excuses.begin(event)
        match event.kind:
            case FaultKind():
                self._afflict(event, begins=True)
            case Trouble.WEATHER:
                for name in event.stations:
                    weather = Weather(lost=event.size, twice=event.size, disorder=event.size, late_s=10.0 * event.size)
                    self._network.weather[name] = weather
            case Trouble.KILLED:
                self._verdict.n_restarts += 1
                await self.daemon.kill()
            case Trouble.CLOCK_JUMPS:
                self.clock.ahead = timedelta(seconds=event.size)
            case Trouble.LIMITED:
                await self._publish(event)
            case _:
                self.conditions.troubles.add(event.kind)

    async def _end(self, event: Event) -> None:
        self._active.remove(event)
        goes_on = any(other.kind is event.kind for other in self._active)
        self._excuses.end(event, goes_on=goes_on)
        match event.kind:
            case FaultKind():
                self._afflict(event, begins=False)
            case Trouble.WEATHER:
                for name in event.stations:
                    self._network.weather.pop(name, None)
            case Trouble.KILLED if not self.daemon.runs:
                await self._start_daemon()
            case Trouble.CLOCK_JUMPS if not goes_on:
                self.clock.ahead = timedelta(0)
            case Trouble() if not goes_on:
                self.conditions.troubles.discard(event.kind)

    def _afflict(self, event: Event, *, begins: bool) -> None:
        fault = farm_faults(event)
        for name in event.stations:
            if begins or not any(e.kind is event.kind and name in e.stations for e in self._active):
                self.farm._mischief._victims[name].suffer(fault, begins=begins)

    async def _publish(self, event: Event) -> None:
        start = self.clock.now()
        interval = Interval(start=start, end=start + timedelta(seconds=event.for_s), value=event.size)
        signal = Signal(
            signal_id=f"limit-{event.at_s:.0f}",
            kind=SignalKind.IMPORT_CAPACITY_LIMIT,
            source="grid",
            issued_at=start,
            intervals=(interval,),
        )
        if self.daemon.runs and self.daemon.station is not None:
            try:
                await self.daemon.station.post_signal(signal)
            except V2GError:
                return
            self._published.append(interval)

    async def _tell(self, evse_id: str, wishes: Wishes) -> bool:
        if not self.daemon.runs or self.daemon.station is None:
            return False
        try:
            await self.daemon.station.set_wishes(evse_id, wishes)
        except V2GError:
            return False
        return True

    def _hear(self, station: str, from_station: bool, text: str) -> None:  # a callback
        self._witness.hear(station, frame_of(text), from_station=from_station)
        kind, _, rest = text.split(",", 2)  # the message's id is drawn by the operating system
        self._hash.update(f"{asyncio.get_running_loop().time():.6f} {station} {from_station} {kind} {rest}\n".encode())

    @contextmanager
    def _looking_on(self) -> Iterator[None]:
        """See everything that flows, as the farm's own ledger does."""
        ledger = self.farm._yard.ledger
        note = ledger.add

        def add(at_s: float, step_s: float, **flows: Any) -> None:
            note(at_s, step_s, **flows)
            self._checker.see(self._sight(at_s, step_s, flows))
            if self._until and getattr(self._checker.findings, self._until):
                self._found.set()

        with patch.object(ledger, "add", add):
            yield

    def _sight(self, at_s: float, step_s: float, flows: dict[str, Any]) -> Sight:
        now_s, n = at_s - self.truth.start.timestamp(), len(self.site.evses)
        here = self.farm._yard.here
        excuses = self._excuses
        power_kw, stored_kwh = flows["power_kw"][:n], flows["stored_kwh"][:n]
        self._hash.update(np.round(power_kw, 6).tobytes())
        return Sight(
            at_s=now_s,
            step_s=step_s,
            power_kw=power_kw,
            let_kw=np.clip(self.farm._leases.ceilings_kw(at_s)[:n], -self._gives_kw, self._takes_kw),
            meters_true=excuses.meters_true,
            informed=not excuses.misleads(now_s),
            known_after_s=excuses.known_after_s(now_s),
            cut_off_s=excuses.cut_off_s(now_s),
            stored_kwh=stored_kwh,
            load_kw=flows["load_kw"],
            sun_kw=flows["pv_kw"],
            import_kw=self._import_limit_kw(at_s),
            listens=excuses.listens(now_s) & self.daemon.runs,
            obeys=excuses.obeys(now_s),
            consents=np.array([visit is not None and visit.consent for visit in here]),
            floor_kwh=np.array([0.0 if v is None else v.soc_floor_frac * v.capacity_kwh for v in here]),
        )

    def _import_limit_kw(self, at_s: float) -> float:
        now = datetime.fromtimestamp(at_s, self.truth.start.tzinfo) + self.clock.ahead
        return min((limit.value for limit in self._published if limit.start <= now < limit.end), default=float("inf"))
