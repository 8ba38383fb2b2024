"""Hundreds of SIGKILLs at random points of a real daemon under a real farm: what it had acknowledged must be there after each.

    python -m tests.support.kills [--kills 300] [--seed 1]

Cars come and go at chargers of every OCPP version; half of them give back, since prices are high. Meanwhile signals are published
and withdrawn and drivers' wishes told over the API. A fifth of the kills hits the daemon while it starts, the others anywhere in
the seconds or half a minute after.
"""

import argparse
import asyncio
import json
import math
import os
import random
import sqlite3
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import httpx
import numpy as np

from adapters.farm.live import LiveFarm
from adapters.farm.ocpp.link import Link, Payload
from adapters.farm.surroundings import StepSeries
from adapters.mqtt.broker import EmbeddedBroker, free_port
from adapters.mqtt_client import Broker
from adapters.store.rows import unpack
from config.site.build import build_site
from config.site.file import SiteFile
from config.station.logs import configure_logs
from tests.faults.records import Witness
from tests.support.churn import stays
from tests.support.served import say, shared_clock, spawn
from v2g.ports import Clock
from v2g.record import Memory
from v2g.session import Wishes
from v2g.site import Site

VERSIONS = ("1.6", "2.0.1", "2.1")
CHARGERS, KW, FALLBACK_KW, LIMIT_KW, LOAD_KW = 24, 11.0, 4.2, 5.5, 10.0
"""The limit is so much times the number of chargers, beside the load: less than the ratings, more than the fallbacks."""
SPEED, STEP_S, SAMPLE_S = 5.0, 5.0, 10.0
HOURS_H = 8.0
"""Of the clock: more than any drill lasts."""
START_KILL_SHARE, START_WALL_S = 0.2, (0.0, 2.5)
LONG_SHARE, RUN_WALL_S, LONG_WALL_S = 0.15, (0.0, 3.0), (5.0, 30.0)
PATIENCE_WALL_S = 300.0
ASK_WALL_S = 0.15
TELL_EVERY = 10
ROUNDING_KWH, ROUNDING_KW = 1e-3, 0.5
"""Meters tell whole watt-hours; a quarter-hour's mean is what one reading in 5 s says."""


def site_file(folder: Path, ports: dict[str, int]) -> dict[str, Any]:
    """Return the station."""
    each = CHARGERS // len(VERSIONS)
    common = {"count": each, "charge_max_kw": KW, "fallback_kw": FALLBACK_KW, "discharge_max_kw": KW, "negative_limits": True}
    return {
        "id": "killed",
        "time_zone": "Asia/Shanghai",
        "grid": {"import_limit_kw": LIMIT_KW * CHARGERS + LOAD_KW, "export_limit_kw": 2.0 * KW},
        "chargers": [common | {"id": f"C{v}", "protocol": f"ocpp{v}"} for v in VERSIONS],
        "load": {"base_kw": LOAD_KW, "peak_kw": LOAD_KW},
        "tariff": {"base_price_per_kwh": 0.7, "export_share": 0.9, "demand_charge_per_kw": 10.0},
        "rules": {"lease_s": 90.0, "v2g_day_kwh": 500.0},
        "horizon": {"n_fine": 8, "n_coarse": 1, "tick_s": 20.0, "fast_s": 5.0, "event_s": 5.0},
        "mqtt": {"port": ports["mqtt"]},
        "ocpp": {"port": ports["ocpp"], "meter_interval_s": SAMPLE_S, "without_passwords": True},
        "web": {"port": ports["web"], "without_login": True},
        "store": {"url": f"sqlite:///{folder}/killed.db"},
    }


@dataclass(slots=True)
class Acknowledged:
    """What the API had said yes to: by id whether a signal is in force, and by outlet the energy last asked for [kWh].

    What was asked and not answered may be there or not: None.
    """

    signals: dict[str, bool | None] = field(default_factory=dict)
    wishes: dict[str, float | None] = field(default_factory=dict)
    n: int = 0

    def lost(self, database: Path) -> Iterator[str]:
        """Yield a sentence for each that is not in the database."""
        with sqlite3.connect(database) as connection:
            kept = dict(connection.execute("SELECT signal_id, withdrawn_at IS NULL FROM signals").fetchall())
            asked = connection.execute("SELECT evse_id, wishes FROM wishes ORDER BY saved_at").fetchall()
        for signal_id, in_force in self.signals.items():
            if in_force is not None and kept.get(signal_id) != in_force:
                said = "published" if in_force else "withdrawn"
                yield f"signal {signal_id}: acknowledged as {said}, in force in the database: {kept.get(signal_id)}"
        energies: dict[str, set[float]] = {}
        for evse_id, told in asked:
            energies.setdefault(evse_id, set()).add(json.loads(told).get("energy_kwh"))
        for evse_id, energy_kwh in self.wishes.items():
            if energy_kwh is not None and energy_kwh not in energies.get(evse_id, set()):
                yield f"the wish for {energy_kwh} kWh at {evse_id} is lost"


class People:
    """Who publishes signals and tells wishes, over the API of a daemon that may be dead."""

    def __init__(self, url: str, clock: Clock, site: Site, rng: random.Random) -> None:
        self._client = httpx.AsyncClient(base_url=url, timeout=PATIENCE_WALL_S)
        self._clock, self._site, self._rng = clock, site, rng
        self.acknowledged = Acknowledged()

    async def run(self) -> None:
        """Ask for this and that until cancelled."""
        async with self._client:
            while True:
                await self._rng.choice((self._publish, self._withdraw, self._wish))()
                await asyncio.sleep(ASK_WALL_S)

    async def tell(self, evse_id: str, wishes: Wishes) -> bool:
        """Tell a driver's wishes; return whether they were taken. Of wishes told meanwhile nobody knows which came last."""
        form = {"soc_target_frac": wishes.soc_target_frac, "discharge_consent": wishes.discharge_consent, "soc_floor_frac": 0.2}
        departure = {"departure": wishes.departure.isoformat()} if wishes.departure else {}
        self.acknowledged.wishes[evse_id] = None
        answer = await self._ask("POST", f"/api/evses/{evse_id}/wishes", form | departure)
        self.acknowledged.wishes[evse_id] = None
        return answer is not None and answer.is_success

    async def _publish(self) -> None:
        now = self._clock.now()
        intervals = [
            {
                "start": (now + timedelta(minutes=m)).isoformat(),
                "end": (now + timedelta(minutes=m + 60)).isoformat(),
                "value": value,
            }
            for m, value in ((-10, self._rng.uniform(2.0, 9.0)), (50, 0.1))
        ]
        answer = await self._ask("POST", "/api/signals", {"kind": "PRICE", "intervals": intervals})
        if answer is not None and answer.is_success:
            self.acknowledged.signals[answer.json()["signal_id"]] = True
            self.acknowledged.n += 1

    async def _withdraw(self) -> None:
        in_force = [signal_id for signal_id, there in self.acknowledged.signals.items() if there]
        if len(in_force) > 3:
            signal_id = self._rng.choice(in_force)
            self.acknowledged.signals[signal_id] = None
            answer = await self._ask("DELETE", f"/api/signals/{signal_id}", None)
            if answer is not None and answer.is_success:
                self.acknowledged.signals[signal_id] = False
                self.acknowledged.n += 1

    async def _wish(self) -> None:
        evse_id, energy_kwh = self._rng.choice(self._site.evses).evse_id, round(self._rng.uniform(1.0, 40.0), 6)
        self.acknowledged.wishes[evse_id] = None
        answer = await self._ask("POST", f"/api/evses/{evse_id}/wishes", {"energy_kwh": energy_kwh, "discharge_consent": False})
        if answer is not None and answer.is_success:
            self.acknowledged.wishes[evse_id] = energy_kwh
            self.acknowledged.n += 1

    async def _ask(self, method: str, path: str, form: Any) -> httpx.Response | None:
        with suppress(httpx.HTTPError):
            return await self._client.request(method, path, json=form)
        return None


@dataclass(slots=True)
class Seen:
    """What the drill counts. `ready_s` are the seconds from each start that was let live to its readiness."""

    kills: int = 0
    ready_s: list[float] = field(default_factory=list)
    ready_cpu_s: list[float] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    peak_kw: float = 0.0


class Drill:
    """Kills and starts a daemon again and again under a farm that goes on."""

    def __init__(self, folder: Path, seed: int) -> None:
        ports = {name: free_port() for name in ("ocpp", "web", "mqtt")}
        self.file, self.origin_s, self.folder = site_file(folder, ports), time.time(), folder
        self.site, self.clock = build_site(SiteFile.model_validate(self.file)), shared_clock(SPEED, self.origin_s)
        self.rng, self.witness, self.seen, self.ports = random.Random(seed), Witness(), Seen(), ports
        self.people = People(f"http://127.0.0.1:{ports['web']}", self.clock, self.site, self.rng)

    async def run(self, kills: int, wall_s: float = math.inf) -> dict[str, Any]:
        """Kill so often, or for so long; return the figures."""
        async with EmbeddedBroker(self.ports["mqtt"]) as broker, self._farm(broker) as farm:
            asking = asyncio.create_task(self.people.run())
            try:
                while self.seen.kills < kills and time.time() - self.origin_s < wall_s:
                    await self._life(farm)
                    if self.seen.kills % TELL_EVERY == 0:
                        say({"kills": self.seen.kills, "lost": len(self.seen.lost), "miscounts": len(self.seen.wrong)})
                await self._life(farm, last=True)
            finally:
                asking.cancel()
                await asyncio.wait({asking})
            return self._figures(farm)

    async def _life(self, farm: LiveFarm, *, last: bool = False) -> None:
        """Start the daemon, let it live for a while or not even start, kill it."""
        began = time.perf_counter()
        process = await spawn(self.file, SPEED, self.origin_s)
        try:
            if not last and self.rng.random() < START_KILL_SHARE:
                await asyncio.sleep(self.rng.uniform(*START_WALL_S))
                return
            await self._ready(process)
            self.seen.ready_s.append(time.perf_counter() - began)
            self.seen.ready_cpu_s.append(cpu_s(process.pid))
            self._check(farm)
            await asyncio.sleep(self.rng.uniform(*(LONG_WALL_S if self.rng.random() < LONG_SHARE else RUN_WALL_S)))
        finally:
            self.seen.kills += not last
            if process.returncode is None:
                process.kill()
            await process.communicate()

    async def _ready(self, process: asyncio.subprocess.Process) -> None:
        async with asyncio.timeout(PATIENCE_WALL_S), httpx.AsyncClient() as client:
            while True:
                if process.returncode is not None:
                    raise RuntimeError(f"the daemon ended by itself with {process.returncode}")
                with suppress(httpx.HTTPError):
                    if (await client.get(f"http://127.0.0.1:{self.ports['web']}/api/health/ready")).status_code == 204:
                        return
                await asyncio.sleep(0.02)

    def _check(self, farm: LiveFarm) -> None:
        """Look for what was acknowledged, and at what the daemon remembers against what the farm knows to be true."""
        database = self.folder / "killed.db"
        self.seen.lost += [*self.witness.check(database), *self.people.acknowledged.lost(database)]
        with sqlite3.connect(database) as connection:
            row = connection.execute("SELECT memory FROM memory").fetchone()
        if row is None:
            return
        memory = unpack(Memory, row[0])
        given_kwh = sum(account.life.energy_kwh for account in memory.ledger.accounts.values())
        true_kwh = float(farm._fleet.exported_kwh.sum())
        if given_kwh > true_kwh + ROUNDING_KWH * CHARGERS:
            self.seen.wrong.append(f"{given_kwh:.3f} kWh given back are counted, {true_kwh:.3f} were")
        true_peak_kw = float(farm.outcome().import_kw.max(initial=0.0))
        if memory.peak_so_far_kw > true_peak_kw + ROUNDING_KW:
            self.seen.wrong.append(f"the peak is taken for {memory.peak_so_far_kw:.2f} kW, it was {true_peak_kw:.2f}")
        if memory.peak_so_far_kw < self.seen.peak_kw:
            self.seen.wrong.append(f"a peak of {self.seen.peak_kw:.2f} kW is forgotten")
        self.seen.peak_kw = memory.peak_so_far_kw

    def _figures(self, farm: LiveFarm) -> dict[str, Any]:
        seen, outcome, ready_s = self.seen, farm.outcome(), np.array(self.seen.ready_s)
        with sqlite3.connect(self.folder / "killed.db") as connection:
            sound = connection.execute("PRAGMA integrity_check").fetchone()[0]
            memory = unpack(Memory, connection.execute("SELECT memory FROM memory").fetchone()[0])
        for line in (*seen.lost, *seen.wrong):
            say({"finding": line})
        return {
            "kills": seen.kills,
            "lost_records": len(seen.lost),
            "acknowledged_transaction_records": self.witness.n_acknowledged,
            "acknowledged_signals_and_wishes": self.people.acknowledged.n,
            "miscounts": len(seen.wrong),
            "starts_measured": len(ready_s),
            "ready_s_median": round(float(np.median(ready_s)), 2),
            "ready_s_p99": round(float(np.quantile(ready_s, 0.99)), 2),
            "ready_s_max": round(float(ready_s.max()), 2),
            "ready_cpu_s_median": round(float(np.median(seen.ready_cpu_s)), 2),
            "ready_cpu_s_p99": round(float(np.quantile(seen.ready_cpu_s, 0.99)), 2),
            "limit_kw": self.site.circuits[0].import_limit_kw,
            "max_import_kw": round(outcome.max_import_kw, 2),
            "limit_violation_s": outcome.limit_violation_s,
            "unconsented_kwh": outcome.unconsented_kwh,
            "given_back_kwh": round(float(farm._fleet.exported_kwh.sum()), 3),
            "given_back_counted_kwh": round(sum(a.life.energy_kwh for a in memory.ledger.accounts.values()), 3),
            "peak_kw": round(seen.peak_kw, 2),
            "true_peak_kw": round(float(outcome.import_kw.max(initial=0.0)), 2),
            "database": sound,
            "visits": len(outcome.visits),
        }

    @asynccontextmanager
    async def _farm(self, broker: EmbeddedBroker) -> AsyncIterator[LiveFarm]:
        now, witness = self.clock.now(), self.witness
        real, numbers = Link.call, Counter[str]()

        async def heard(link: Link, action: str, payload: Payload) -> Payload:
            answer = await real(link, action, payload)
            assert link._socket.request is not None
            station = link._socket.request.path.rpartition("/")[2]
            numbers[station] += 1
            witness.hear(station, [2, str(numbers[station]), action, payload], from_station=True)
            witness.hear(station, [3, str(numbers[station]), answer], from_station=False)
            return answer

        visits = [visit for evse in self.site.evses for visit in stays(evse, self.rng, now, HOURS_H)]
        with patch.object(Link, "call", heard):
            async with LiveFarm(
                self.site,
                visits,
                load_kw=StepSeries.constant(LOAD_KW, now),
                pv_kw=StepSeries.constant(0.0, now),
                clock=self.clock,
                ocpp_url=f"ws://127.0.0.1:{self.ports['ocpp']}",
                broker=Broker(host=broker.host, port=broker.port, version=broker.version),
                tell_wishes=self.people.tell,
                step_s=STEP_S,
                sample_s=SAMPLE_S,
            ) as farm:
                yield farm


def cpu_s(pid: int) -> float:
    """Return the processor time that a process has taken, without its children's [s]."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Run the drill and print what was seen."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=math.inf, help="At most.")
    options = parser.parse_args()
    configure_logs(verbose=False, quiet=True)
    with TemporaryDirectory() as folder:
        figures = asyncio.run(Drill(Path(folder), options.seed).run(options.kills, options.minutes * 60.0))
    say(figures)


if __name__ == "__main__":
    main()
