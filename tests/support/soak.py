"""A daemon under hundreds of chargers at which cars come and go and whose networks fail must not grow.

    python -m tests.support.soak [--minutes 60] [--chargers 500]

Memory, tasks and file handles are those of the daemon's process, the solver's and the farm's not counted. The slopes are of least
squares over all but the first third of the time, in which the heap finds its size.
"""

import argparse
import asyncio
import json
import os
import random
import time
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import numpy as np

from adapters.farm.live import LiveFarm
from adapters.farm.surroundings import StepSeries
from adapters.mqtt.broker import EmbeddedBroker, free_port
from adapters.mqtt_client import Broker
from config.site.build import build_site
from config.site.file import SiteFile
from config.station.logs import configure_logs
from tests.support.churn import stays
from tests.support.served import say, shared_clock, spawn
from v2g.session import Wishes
from v2g.site import Site

KINDS = ("ocpp1.6", "ocpp2.0.1", "ocpp2.1", "mqtt")
KW, FALLBACK_KW, LOAD_KW = 11.0, 1.4, 50.0
DROP_EVERY_S, AWAY_S = 1.0, (2.0, 60.0)
"""One charger loses its network each second, for so long."""
WARM_UP_SHARE = 1.0 / 3.0
MB = 1e6


def site_file(chargers: int, folder: Path, mqtt: int) -> dict[str, Any]:
    """Return a station at which not all can charge at once."""
    each = {"count": chargers // len(KINDS), "charge_max_kw": KW, "discharge_max_kw": KW, "fallback_kw": FALLBACK_KW}
    return {
        "id": "soak",
        "time_zone": "Asia/Shanghai",
        "grid": {"import_limit_kw": 0.4 * KW * chargers + LOAD_KW, "export_limit_kw": 0.1 * KW * chargers},
        "chargers": [each | {"id": f"C{kind}", "protocol": kind} for kind in KINDS],
        "load": {"base_kw": LOAD_KW, "peak_kw": LOAD_KW},
        "tariff": {"base_price_per_kwh": 0.7, "export_share": 0.9, "demand_charge_per_kw": 10.0},
        "rules": {"lease_s": 300.0},
        "horizon": {"n_fine": 16, "n_coarse": 8, "tick_s": 30.0, "fast_s": 2.0, "event_s": 10.0},
        "mqtt": {"port": mqtt},
        "ocpp": {"port": 0, "meter_interval_s": 30.0, "without_passwords": True},
        "web": {"port": 0, "without_login": True},
        "store": {"url": f"sqlite:///{folder}/soak.db"},
    }


@dataclass(slots=True)
class Samples:
    """What was measured, as columns: seconds since the start, resident memory [MB], tasks, file handles."""

    at_s: list[float] = field(default_factory=list)
    memory_mb: list[float] = field(default_factory=list)
    tasks: list[float] = field(default_factory=list)
    files: list[float] = field(default_factory=list)

    def add(self, at_s: float, pid: int, tasks: int) -> None:
        """Look at the process."""
        self.at_s.append(at_s)
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="utf-8").split()[1])
        self.memory_mb.append(pages * os.sysconf("SC_PAGE_SIZE") / MB)
        self.tasks.append(float(tasks))
        self.files.append(float(sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())))

    def figures(self) -> dict[str, float]:
        """Return what is left at the end, and the slopes an hour after the warm-up."""
        hours = np.array(self.at_s) / 3600.0
        warm = hours >= hours[-1] * WARM_UP_SHARE
        told: dict[str, float] = {"samples": len(hours), "minutes": round(hours[-1] * 60.0, 1)}
        for name, column in (("memory_mb", self.memory_mb), ("tasks", self.tasks), ("files", self.files)):
            values = np.array(column)
            slope = np.polyfit(hours[warm], values[warm], 1)[0]
            told |= {f"{name}_first": round(values[0], 1), f"{name}_last": round(values[-1], 1)}
            told |= {f"{name}_warm": round(float(values[warm][0]), 1), f"{name}_per_h": round(float(slope), 2)}
        return told


async def soak(minutes: float, chargers: int, folder: Path) -> dict[str, Any]:
    """Run for so long; return the figures."""
    samples, rng, origin_s = Samples(), random.Random(1), time.time()
    async with EmbeddedBroker(free_port()) as broker:
        file = site_file(chargers, folder, broker.port)
        site, clock = build_site(SiteFile.model_validate(file)), shared_clock(1.0, origin_s)
        process = await spawn(file, 1.0, origin_s)
        assert process.stdout is not None
        urls = json.loads(await process.stdout.readline())
        now = clock.now()
        async with (
            httpx.AsyncClient(base_url=urls["web"], timeout=60.0) as client,
            LiveFarm(
                site,
                [visit for evse in site.evses for visit in stays(evse, rng, now, minutes / 60.0 + 1.0)],
                load_kw=StepSeries.constant(LOAD_KW, now),
                pv_kw=StepSeries.constant(0.0, now),
                clock=clock,
                ocpp_url=urls["ocpp"],
                broker=Broker(host=broker.host, port=broker.port, version=broker.version),
                tell_wishes=lambda evse_id, wishes: _tell(client, evse_id, wishes),
                sample_s=30.0,
            ) as farm,
        ):
            dropping = asyncio.create_task(_drop(farm, site, rng))
            try:
                while time.time() - origin_s < minutes * 60.0:
                    told = json.loads(await process.stdout.readline())
                    samples.add(time.time() - origin_s, process.pid, told["tasks"])
                outcome = farm.outcome()
            finally:
                dropping.cancel()
                process.kill()
                await process.communicate()
    return {
        "chargers": chargers,
        "visits": len(outcome.visits),
        "limit_violation_s": outcome.limit_violation_s,
        **samples.figures(),
    }


async def _tell(client: httpx.AsyncClient, evse_id: str, wishes: Wishes) -> bool:
    form = {"soc_target_frac": wishes.soc_target_frac, "discharge_consent": wishes.discharge_consent}
    departure = {"departure": wishes.departure.isoformat()} if wishes.departure else {}
    try:
        return (await client.post(f"/api/evses/{evse_id}/wishes", json=form | departure)).is_success
    except httpx.HTTPError:
        return False


async def _drop(farm: LiveFarm, site: Site, rng: random.Random) -> None:
    stations = sorted({evse.station_id for evse in site.evses})
    while True:
        farm.drop_charger(rng.choice(stations), rng.uniform(*AWAY_S))
        await asyncio.sleep(DROP_EVERY_S)


def main() -> None:
    """Run and print what was seen."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--chargers", type=int, default=500)
    options = parser.parse_args()
    configure_logs(verbose=False, quiet=True)
    with TemporaryDirectory() as folder:
        figures = asyncio.run(soak(options.minutes, options.chargers, Path(folder)))
    say(figures)


if __name__ == "__main__":
    main()
