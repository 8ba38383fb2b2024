"""A daemon killed by SIGKILL under load, and started again: real processes, sockets and database, on one fast clock.

    python -m tests.support.killing [--chargers 60] [--speed 5]

A third of the chargers speaks each version of OCPP. Their fallbacks together fit under the limit, their ratings are twice too much.
"""

import argparse
import asyncio
import json
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from structlog.testing import capture_logs

from adapters.clock import AcceleratedClock
from adapters.farm.live import LiveFarm
from adapters.farm.surroundings import StepSeries
from config.site.build import build_site
from config.site.file import SiteFile
from tests.support.churn import long_stay
from tests.support.served import say, shared_clock, spawn
from v2g.site import Site
from v2g.units import h_from_s

VERSIONS = ("1.6", "2.0.1", "2.1")
KW, FALLBACK_KW, LIMIT_KW = 11.0, 4.2, 5.5
"""A charger's; the limit is so much times the number of chargers."""
LEASE_S, TICK_S, SAMPLE_S, STEP_S = 90.0, 20.0, 10.0, 5.0
WHILE_S = 30.0
"""Seconds of the clock that all runs before the kill, at least, and from when all have fallen to the return."""
PATIENCE_WALL_S = 100.0


def site_file(chargers: int, folder: Path, port: int) -> dict[str, Any]:
    """Return the station; its fallbacks are less than the limit, its ratings more."""
    each = chargers // len(VERSIONS)
    kinds = [
        {"id": f"C{v}", "count": each, "protocol": f"ocpp{v}", "charge_max_kw": KW, "fallback_kw": FALLBACK_KW} for v in VERSIONS
    ]
    return {
        "id": "killed",
        "time_zone": "Asia/Shanghai",
        "grid": {"import_limit_kw": LIMIT_KW * each * len(VERSIONS)},
        "chargers": kinds,
        "tariff": {"base_price_per_kwh": 0.7},
        "rules": {"lease_s": LEASE_S},
        "horizon": {"n_fine": 8, "n_coarse": 1, "tick_s": TICK_S, "fast_s": 5.0, "event_s": 10.0},
        "ocpp": {"port": port, "meter_interval_s": SAMPLE_S, "without_passwords": True},
        "web": {"port": 0, "without_login": True},
        "store": {"url": f"sqlite:///{folder}/killed.db"},
    }


@dataclass(slots=True, kw_only=True)
class Daemon:
    """A daemon in a process of its own."""

    process: asyncio.subprocess.Process
    ocpp_url: str
    web_url: str

    @classmethod
    async def start(cls, file: Mapping[str, Any], speed: float, origin_s: float) -> "Daemon":
        """Start one, and return once chargers can connect."""
        process = await spawn(file, speed, origin_s)
        assert process.stdout is not None
        urls = json.loads(await asyncio.wait_for(process.stdout.readline(), PATIENCE_WALL_S))
        return cls(process=process, ocpp_url=urls["ocpp"], web_url=urls["web"])

    async def kill(self) -> None:
        """Kill it, as a power cut would."""
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()

    async def outlets(self) -> dict[str, dict[str, Any]]:
        """Return what the API tells of each outlet."""
        async with httpx.AsyncClient(base_url=self.web_url, timeout=PATIENCE_WALL_S) as client:
            state = (await client.get("/api/state")).raise_for_status().json()
        return {outlet["evse_id"]: outlet for outlet in state["evses"]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Killed:
    """What was seen.

    `charging_kw` is the power of all cars just before the kill, `fallen_kw` the most that any outlet drew or let its car draw when
    the leases had to be over; `max_import_kw` and `violation_s` are the ledger's, of the whole drill. `before` and `after` are the
    stations of the open transactions, by id. `queued` is how many messages waited in the chargers when the daemon came back,
    each of which was answered, or dropped: `dropped` counts the latter. `off_kwh` is how far at most the daemon's count of a car's
    energy is from its meter then, beyond what flows between samples.
    """

    limit_kw: float
    charging_kw: float
    fallen_kw: float
    max_import_kw: float
    violation_s: float
    before: Mapping[int, str]
    after: Mapping[int, str]
    queued: int
    dropped: int
    off_kwh: float


async def kill_and_return(chargers: int, speed: float, folder: Path, port: int) -> Killed:
    """Run the drill."""
    with capture_logs() as said:
        seen = await _drill(chargers, speed, folder, port)
    return replace(seen, dropped=sum(entry["event"] == "farm_message_refused" for entry in said))


async def _drill(chargers: int, speed: float, folder: Path, port: int) -> Killed:
    file, origin_s = site_file(chargers, folder, port), time.time()
    site, clock = build_site(SiteFile.model_validate(file)), shared_clock(speed, origin_s)
    daemon = await Daemon.start(file, speed, origin_s)
    async with _farm(site, clock, daemon.ocpp_url) as farm:
        try:
            await clock.sleep(WHILE_S)
            await until(lambda: _all_charge(daemon, farm))
            before, charging_kw = _open(folder), float(farm._fleet.running_kw.sum())
            await daemon.kill()
            await clock.sleep(LEASE_S + 3 * STEP_S)
            fallen_kw = max(float(farm._fleet.running_kw.max()), float(farm._leases.ceilings_kw(clock.now().timestamp()).max()))
            await clock.sleep(WHILE_S)
            queued = _waiting(farm)
            daemon = await Daemon.start(file, speed, origin_s)
            await until(lambda: _all_charge(daemon, farm))
            await until(lambda: _delivered(farm))
            off_kwh = await _off_kwh(daemon, farm)
            outcome = farm.outcome()
        finally:
            await daemon.kill()
    return Killed(
        limit_kw=site.circuits[0].import_limit_kw,
        charging_kw=charging_kw,
        fallen_kw=fallen_kw,
        max_import_kw=outcome.max_import_kw,
        violation_s=outcome.limit_violation_s,
        before=before,
        after=_open(folder),
        queued=queued,
        dropped=0,
        off_kwh=off_kwh,
    )


@asynccontextmanager
async def _farm(site: Site, clock: AcceleratedClock, url: str) -> AsyncIterator[LiveFarm]:
    now = clock.now()
    nothing = StepSeries.constant(0.0, now)
    async with LiveFarm(
        site,
        [long_stay(evse, now) for evse in site.evses],
        load_kw=nothing,
        pv_kw=nothing,
        clock=clock,
        ocpp_url=url,
        broker=None,
        tell_wishes=unheard,
        step_s=STEP_S,
        sample_s=SAMPLE_S,
    ) as farm:
        yield farm


async def unheard(*_: object) -> bool:
    """Hear a driver's wishes, for nobody."""
    return True


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something `holds`. Raises `TimeoutError`."""
    async with asyncio.timeout(PATIENCE_WALL_S):
        while not await holds():  # noqa: ASYNC110  # what another process does has no event here
            await asyncio.sleep(0.2)


async def _all_charge(daemon: Daemon, farm: LiveFarm) -> bool:
    """Return whether all outlets keep setpoints under which more is drawn than by their fallbacks."""
    outlets = (await daemon.outlets()).values()
    held = all(outlet["session"] and outlet["acknowledged_kw"] is not None for outlet in outlets)
    return held and float(farm._fleet.running_kw.sum()) > 1.05 * FALLBACK_KW * len(outlets)


async def _delivered(farm: LiveFarm) -> bool:
    return _waiting(farm) == 0


async def _off_kwh(daemon: Daemon, farm: LiveFarm) -> float:
    """Return how far the daemon's counts are from the meters' at most, beyond what flows from one sample to the next [kWh]."""
    most_kwh, told = KW * h_from_s(3 * SAMPLE_S), await daemon.outlets()
    true_kwh = farm._fleet.imported_kwh.tolist()
    off = (abs(told[e.evse_id]["session"]["charged_kwh"] - kwh) for e, kwh in zip(farm._site.evses, true_kwh, strict=True))
    return max(0.0, float(max(off)) - most_kwh)


def _waiting(farm: LiveFarm) -> int:
    """Return how many messages wait in the chargers for an answer."""
    chargers: Any = farm._chargers.values()
    return sum(len(charger._outbox) for charger in chargers)


def _open(folder: Path) -> dict[int, str]:
    """Return the stations of the transactions that have not ended, by id."""
    with sqlite3.connect(folder / "killed.db") as database:
        rows = database.execute("SELECT transaction_id, station_id FROM transactions WHERE ended_at IS NULL").fetchall()
    return dict(rows)


def main() -> None:
    """Run the drill and print what was seen."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chargers", type=int, default=60)
    parser.add_argument("--speed", type=float, default=5.0)
    parser.add_argument("--port", type=int, default=19_816)
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        seen = asyncio.run(kill_and_return(options.chargers, options.speed, Path(folder), options.port))
    figures = {name: getattr(seen, name) for name in Killed.__slots__ if name not in {"before", "after"}}
    say(figures | {"same_transactions": seen.before == seen.after, "transactions": len(seen.before)})


if __name__ == "__main__":
    main()
