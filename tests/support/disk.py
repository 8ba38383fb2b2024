"""A daemon under a farm whose database takes nothing for a while: control goes on, an alarm says so, and nothing is lost after.

    python -m tests.support.disk [--on DIR]

Files that may not grow (RLIMIT_FSIZE) and a database that became read-only. With `--on`, a folder on a small file system made for
this (`mount -t tmpfs -o size=8m tmpfs DIR`), the disk is really filled up as well. What waits is written to another folder. While
the trouble lasts the load jumps, so that cars must be cut.
"""

import argparse
import asyncio
import json
import resource
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

from adapters.farm.live import LiveFarm
from adapters.farm.surroundings import StepSeries
from adapters.mqtt.broker import EmbeddedBroker, free_port
from adapters.mqtt_client import Broker
from adapters.store.audit import check
from adapters.store.reading import reading
from config.site.build import build_site
from config.site.file import SiteFile
from config.station.logs import configure_logs
from tests.support import troubled
from tests.support.churn import long_stay
from tests.support.killing import unheard, until
from tests.support.served import say, shared_clock, spawn

CHARGERS, KW, FALLBACK_KW, LIMIT_KW = 9, 11.0, 1.4, 120.0
CALM_KW, BUSY_KW = 10.0, 80.0
"""What the building draws before and after, and while the database is in trouble."""
SPEED, STEP_S, TICK_S = 10.0, 5.0, 20.0
TICKS = 3
BLOCK = bytes(4096)


class Trouble(StrEnum):
    """What befalls the database."""

    TOO_LARGE = "too_large"
    READ_ONLY = "read_only"
    FULL = "full"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was seen of one trouble.

    `over_s` is how long a limit was exceeded, by the load's jump alone; `cars_kw` what the cars drew before it and after the cut.
    `alarm` is what the daemon said, `spilled` how many writes waited at the end, `lost` how many were not kept.
    """

    trouble: Trouble
    over_s: float
    cars_kw: tuple[float, float]
    alarm: str
    spilled: float
    lost: float


def site_file(folder: Path, spill: Path, mqtt: int) -> dict[str, Any]:
    """Return a station whose cars need not be cut as long as the building is calm."""
    each = {"count": CHARGERS // 3, "charge_max_kw": KW, "fallback_kw": FALLBACK_KW}
    return {
        "id": "disk",
        "time_zone": "Asia/Shanghai",
        "grid": {"import_limit_kw": LIMIT_KW},
        "chargers": [each | {"id": f"C{version}", "protocol": f"ocpp{version}"} for version in ("1.6", "2.0.1", "2.1")],
        "load": {"base_kw": CALM_KW, "peak_kw": BUSY_KW},
        "tariff": {"base_price_per_kwh": 0.7},
        "horizon": {"n_fine": 4, "n_coarse": 1, "tick_s": TICK_S, "fast_s": 5.0, "event_s": 5.0},
        "mqtt": {"port": mqtt},
        "ocpp": {"port": 0, "meter_interval_s": 10.0, "without_passwords": True},
        "web": {"port": 0, "without_login": True},
        "store": {"url": f"sqlite:///{folder}/station.db", "spill": str(spill)},
    }


class Daemon:
    """What the drill does to a daemon and asks it."""

    def __init__(self, process: asyncio.subprocess.Process, client: httpx.AsyncClient, folder: Path) -> None:
        self._process, self._client, self._folder = process, client, folder

    @asynccontextmanager
    async def troubled(self, trouble: Trouble) -> AsyncIterator[None]:
        """Have its database in `trouble` while the context lasts."""
        match trouble:
            case Trouble.TOO_LARGE:
                size = (self._folder / "station.db-wal").stat().st_size
                before = resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
                yield
                resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE, before)
            case Trouble.READ_ONLY:
                self._process.send_signal(troubled.BREAK)
                yield
                self._process.send_signal(troubled.MEND)
            case Trouble.FULL:
                filler = self._folder / "filler"
                _fill(filler)
                yield
                filler.unlink()

    async def alarm(self) -> str:
        """Return what it says of its database, "" if that is well."""
        parts = (await self._client.get("/api/health")).json()["parts"]
        return next((part["detail"] for part in parts if part["name"] == "database" and part["condition"] != "ok"), "")

    async def figure(self, name: str) -> float:
        """Return a figure of the metrics page, all its labels together."""
        page = (await self._client.get("/metrics")).text
        return sum(s.value for family in text_string_to_metric_families(page) for s in family.samples if s.name == name)

    async def in_trouble(self) -> bool:
        """Return whether both its health and the metrics say so."""
        return bool(await self.alarm()) and await self.figure("v2g_database_trouble") > 0

    async def is_well(self) -> bool:
        """Return whether neither says so, and nothing waits."""
        waits = await self.figure("v2g_database_trouble") + await self.figure("v2g_records_spilled")
        return not waits and not await self.alarm()


async def drill(troubles: tuple[Trouble, ...], folder: Path, spill: Path) -> dict[str, Any]:
    """Have one daemon live through one trouble after the other; return what was seen of each, and the database at the end."""
    origin_s = time.time()
    async with EmbeddedBroker(free_port()) as broker:
        file = site_file(folder, spill, broker.port)
        site, clock = build_site(SiteFile.model_validate(file)), shared_clock(SPEED, origin_s)
        process = await spawn(file, SPEED, origin_s, module=troubled.__name__)
        assert process.stdout is not None
        urls, load = json.loads(await process.stdout.readline()), StepSeries.constant(CALM_KW, clock.now())
        farm = LiveFarm(
            site,
            [long_stay(evse, clock.now()) for evse in site.evses],
            load_kw=load,
            pv_kw=StepSeries.constant(0.0, clock.now()),
            clock=clock,
            ocpp_url=urls["ocpp"],
            broker=Broker(host=broker.host, port=broker.port, version=broker.version),
            tell_wishes=unheard,
            step_s=STEP_S,
            sample_s=10.0,
        )
        try:
            async with httpx.AsyncClient(base_url=urls["web"], timeout=60.0) as client, farm:
                seen = [await _suffer(Daemon(process, client, folder), farm, load, trouble) for trouble in troubles]
        finally:
            process.kill()
            await process.communicate()
    return {"troubles": [asdict(each) for each in seen], **_at_the_end(folder / "station.db")}


async def _suffer(daemon: Daemon, farm: LiveFarm, load: StepSeries, trouble: Trouble) -> Seen:
    """Have all cars charge, then the trouble and a load that jumps; return once the database is well again."""

    def cars_kw() -> float:
        return float(farm._fleet.running_kw.sum())

    async def all_charge() -> bool:
        return cars_kw() > 0.95 * KW * CHARGERS

    async def went_on() -> bool:
        return cars_kw() <= LIMIT_KW - BUSY_KW and await daemon.figure("v2g_ticks_total") >= ticks + TICKS

    await until(all_charge)
    before_kw, over_s, ticks = cars_kw(), farm.outcome().limit_violation_s, await daemon.figure("v2g_ticks_total")
    async with daemon.troubled(trouble):
        load.values[:] = BUSY_KW
        await until(daemon.in_trouble)
        await until(went_on)
        after_kw, alarm, spilled = cars_kw(), await daemon.alarm(), await daemon.figure("v2g_records_spilled")
        load.values[:] = CALM_KW
    await until(daemon.is_well)
    return Seen(
        trouble=trouble,
        over_s=farm.outcome().limit_violation_s - over_s,
        cars_kw=(round(before_kw, 1), round(after_kw, 1)),
        alarm=alarm,
        spilled=spilled,
        lost=await daemon.figure("v2g_records_lost_total"),
    )


def _fill(filler: Path) -> None:
    """Write until there is no room left."""
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(BLOCK)
        except OSError:
            return


def _at_the_end(path: Path) -> dict[str, Any]:
    """Return how the database is, and whether a tick is missing or doubled."""
    with sqlite3.connect(path) as database:
        sound = database.execute("PRAGMA integrity_check").fetchone()[0]
        ticks = [tick for (tick,) in database.execute("SELECT tick FROM ticks ORDER BY id")]
    with reading(f"sqlite:///{path}") as connection:
        audit = check(connection)
    return {
        "database": sound,
        "ticks": len(ticks),
        "ticks_missing_or_doubled": len(set(ticks) ^ set(range(ticks[0], ticks[0] + len(ticks)))),
        "audit_entries": audit.n,
        "audit_broken": audit.broken,
    }


def main() -> None:
    """Run the drill and print what was seen."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--on", type=Path, help="A folder on a small file system of its own, which is filled up.")
    options = parser.parse_args()
    configure_logs(verbose=False, quiet=True)
    with TemporaryDirectory() as folder:
        known = (Trouble.TOO_LARGE, Trouble.READ_ONLY)
        troubles, on = ((*known, Trouble.FULL), options.on) if options.on else (known, Path(folder))
        say(asyncio.run(drill(troubles, on, Path(folder) / "waiting")))


if __name__ == "__main__":
    main()
