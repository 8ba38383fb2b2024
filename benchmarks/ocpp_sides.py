"""The two processes of `benchmarks/ocpp.py`: the daemon, whole, and the farm of its chargers. Both answer questions over a pipe."""

import asyncio
import gc
import os
import resource
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from adapters.clock import RealClock
from adapters.farm.live import LiveFarm
from adapters.farm.surroundings import StepSeries
from adapters.farm.visit import Visit
from adapters.ocpp.central import CentralSystem
from adapters.ocpp.station import Station
from adapters.ocpp.v2.dialect import Dialect2
from adapters.ocpp.v16.dialect import Dialect16
from config.live import LiveDaemon, running
from config.site.build import build_site
from config.site.file import SiteFile
from config.site.load import LoadedSite
from config.station.logs import configure_logs
from config.station.loop import run_loop
from v2g.setpoint import Applied, Setpoint
from v2g.site import Site

KW, FALLBACK_KW = 11.0, 1.5
METER_S = 10.0
TICK_S, FAST_S = 60.0, 5.0
PROBE_S = 0.05
LEASE_S = 300.0
CERTIFICATE, KEY = "certificate.pem", "key.pem"
Answer = Callable[[Any], Awaitable[Any]]


def site_file(chargers: int, folder: Path) -> SiteFile:
    """Return a station of so many chargers, a third of each version, under a connection for half of their ratings.

    It speaks TLS where the folder has a certificate.
    """
    certificate, key = folder / CERTIFICATE, folder / KEY
    tls = {"certificate": str(certificate), "key": str(key)} if certificate.exists() else None
    versions = ("ocpp1.6", "ocpp2.0.1", "ocpp2.1")
    counts = [chargers // 3 + (i < chargers % 3) for i in range(3)]
    return SiteFile.model_validate(
        {
            "id": "load",
            "time_zone": "Asia/Shanghai",
            "grid": {"import_limit_kw": KW * chargers / 2},
            "chargers": [
                {"id": f"C{version[4:]}", "count": n, "protocol": version, "charge_max_kw": KW, "fallback_kw": FALLBACK_KW}
                for version, n in zip(versions, counts, strict=True)
                if n
            ],
            "tariff": {"base_price_per_kwh": 0.7},
            "rules": {"lease_s": LEASE_S},
            "horizon": {"n_fine": 8, "n_coarse": 4, "tick_s": TICK_S, "fast_s": FAST_S, "event_s": TICK_S / 2},
            "ocpp": {"port": 0, "meter_interval_s": METER_S, "without_passwords": True, "tls": tls},
            "web": {"port": 0, "without_login": True},
            "store": {"url": f"sqlite:///{folder}/load.db"},
        }
    )


@dataclass(slots=True)
class WatchedClock(RealClock):
    """The wall's clock, which remembers by how much the daemon was woken too late at most [s]."""

    late_max_s: float = field(default=0.0)

    async def sleep(self, duration_s: float) -> None:
        """Wait, and note how much longer it took."""
        due = asyncio.get_running_loop().time() + duration_s
        await asyncio.sleep(duration_s)
        self.late_max_s = max(self.late_max_s, asyncio.get_running_loop().time() - due)


def daemon_side(pipe: Connection, chargers: int, folder: Path) -> None:
    """Run the daemon until told to end."""
    configure_logs(verbose=False, quiet=True)
    run_loop(_daemon(pipe, chargers, folder))


async def _daemon(pipe: Connection, chargers: int, folder: Path) -> None:
    file = site_file(chargers, folder)
    clock = WatchedClock()
    async with running(LoadedSite(site=build_site(file), file=file), clock) as daemon:
        assert daemon.central is not None
        probe = asyncio.create_task(_probe(clock))
        await _answer(pipe, _questions(daemon, daemon.central, clock), daemon.ocpp_url)
        probe.cancel()


def _questions(daemon: LiveDaemon, central: CentralSystem, clock: WatchedClock) -> Mapping[str, Answer]:
    lines: dict[str, object] = {}

    async def before_storm(_: None) -> None:
        lines.update({name: station.dialect for name, station in central._stations.items()})  # noqa: SLF001  # nobody else asks

    async def steady(since: datetime) -> int:
        stations = central._stations.items()  # noqa: SLF001
        return sum(station.dialect is not lines.get(name) and _is_steady(station, since) for name, station in stations)

    async def metering(_: None) -> int:
        now = clock.now()
        fresh = now - timedelta(seconds=2 * METER_S)
        return sum(s.power_kw is not None and s.power_kw.at > fresh and s.session is not None for s in central.states(now))

    async def fan_out(n: int) -> list[float | str]:
        return await _fan_out(central, daemon.station.site, clock, n)

    async def plan(_: None) -> None:
        daemon.control.hurry()

    async def late(_: None) -> float:
        late_s, clock.late_max_s = clock.late_max_s, 0.0
        return late_s

    async def resident_kb(_: None) -> float:
        gc.collect()
        return _resident_kb()

    async def ticks(_: None) -> int:
        return sum(daemon.control.rungs.values())

    return {
        "before_storm": before_storm,
        "steady": steady,
        "metering": metering,
        "fan_out": fan_out,
        "plan": plan,
        "late": late,
        "resident_kb": resident_kb,
        "ticks": ticks,
    }


def _resident_kb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1000.0


def _is_steady(station: Station, since: datetime) -> bool:
    """Return whether the station has booted since and shown that it keeps to its fallback, or to a setpoint."""
    dialect, outlets = station.dialect, station.outlets.values()
    if not (isinstance(dialect, Dialect16 | Dialect2) and dialect._ready):  # noqa: SLF001
        return False
    return all(o.promise is not None or (o.fallback_from is not None and o.fallback_from >= since) for o in outlets)


async def _fan_out(central: CentralSystem, site: Site, clock: RealClock, n: int) -> list[float | str]:
    """Send `n` setpoints at once; return for each how long its acknowledgement took [s], or why there was none."""
    began = clock.now()
    until = began + timedelta(seconds=LEASE_S)
    chosen = site.evses[:: max(len(site.evses) // n, 1)][:n]
    setpoints = [Setpoint(unit_id=e.evse_id, power_kw=5.0 + i % 2, valid_until=until) for i, e in enumerate(chosen)]
    outcomes = await central.apply(setpoints)
    return [(o.at - began).total_seconds() if isinstance(o, Applied) else getattr(o, "reason", type(o).__name__) for o in outcomes]


async def _probe(clock: WatchedClock) -> None:
    while True:
        await clock.sleep(PROBE_S)


def farm_side(pipe: Connection, chargers: int, folder: Path, url: str) -> None:
    """Run the chargers until told to end; they trust the certificate in the folder."""
    if (folder / CERTIFICATE).exists():
        os.environ["SSL_CERT_FILE"] = str(folder / CERTIFICATE)
    configure_logs(verbose=False, quiet=True)
    run_loop(_farm(pipe, chargers, folder, url))


async def _farm(pipe: Connection, chargers: int, folder: Path, url: str) -> None:
    site, clock = build_site(site_file(chargers, folder)), RealClock()
    farm = LiveFarm(
        site,
        _visits(site, clock.now()),
        load_kw=StepSeries.constant(0.0, clock.now()),
        pv_kw=StepSeries.constant(0.0, clock.now()),
        clock=clock,
        ocpp_url=url,
        broker=None,
        tell_wishes=_unheard,
        sample_s=METER_S,
    )

    async def online(_: None) -> int:
        return farm.online

    async def storm(_: None) -> None:
        for evse in site.evses:
            farm.drop_charger(evse.station_id, for_s=0.0)

    async with farm:
        await _answer(pipe, {"online": online, "storm": storm}, "")


async def _unheard(*_: object) -> bool:
    return True


def _visits(site: Site, now: datetime) -> list[Visit]:
    """Return a car at each outlet, of which none is full within the benchmark."""
    rng = np.random.default_rng(1)
    return [
        Visit(
            evse_id=evse.evse_id,
            driver=f"driver-{i}",
            arrives_at=now,
            leaves_at=now + timedelta(hours=8 + rng.uniform(0, 2)),
            capacity_kwh=60.0,
            soc_frac=rng.uniform(0.2, 0.5),
            charge_max_kw=KW,
            energy_kwh=20.0,
        )
        for i, evse in enumerate(site.evses)
    ]


async def _answer(pipe: Connection, questions: Mapping[str, Answer], hello: str) -> None:
    """Say `hello`, then answer questions until there are no more."""
    pipe.send(hello)
    asked = asyncio.Event()
    asyncio.get_running_loop().add_reader(pipe.fileno(), asked.set)
    while True:
        await asked.wait()
        asked.clear()
        name, argument = pipe.recv()
        if name == "end":
            return
        pipe.send(await questions[name](argument))
