"""A daemon in a process of its own, on a clock that shows the same in every process: what drills kill.

Nothing is imported here that `v2g run` does not need, so that its start takes as long.
"""

import asyncio
import json
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from adapters.clock import AcceleratedClock
from config.live import running
from config.site.build import build_site
from config.site.file import SiteFile
from config.site.load import LoadedSite
from config.station.logs import configure_logs
from config.station.loop import run_loop

TELL_WALL_S = 10.0


def shared_clock(speed: float, origin_s: float) -> AcceleratedClock:
    """Return a clock that shows the same in every process: it began to run faster than the wall's at `origin_s` [s since 1970]."""
    now_s = time.time()
    return AcceleratedClock(datetime.fromtimestamp(origin_s + (now_s - origin_s) * speed, UTC), speed)


async def spawn(file: Mapping[str, Any], speed: float, origin_s: float, *, module: str = __name__) -> asyncio.subprocess.Process:
    """Start the daemon of a site `file`; it tells by lines of JSON where it serves ("ocpp", "web"), then its number of "tasks"."""
    told = json.dumps([file, speed, origin_s])
    return await asyncio.create_subprocess_exec(sys.executable, "-m", module, told, stdout=asyncio.subprocess.PIPE)


def say(told: Mapping[str, Any]) -> None:
    """Print a line of JSON at once."""
    sys.stdout.write(f"{json.dumps(told)}\n")
    sys.stdout.flush()


def serve(told: str) -> None:
    """Be the daemon: say where it serves, then run until killed."""
    file, speed, origin_s = json.loads(told)
    configure_logs(verbose=False, quiet=True)
    checked = SiteFile.model_validate(file)

    async def forever() -> None:
        clock = shared_clock(speed, origin_s)
        async with running(LoadedSite(site=build_site(checked), file=checked), clock, speed=speed) as daemon:
            say({"ocpp": daemon.ocpp_url, "web": daemon.web_url})
            while True:
                await asyncio.sleep(TELL_WALL_S)
                say({"tasks": len(asyncio.all_tasks())})

    run_loop(forever())


if __name__ == "__main__":
    serve(sys.argv[1])
