"""Previews are kept ready: today's plan, from which every answer starts, is planned before anybody asks.

Measured on 100 cars and 96 quarter-hours: a preview of a tick that nobody had asked about took twice as long, and the first since
the start 4 s, for the planners' processes had to begin.
"""

import asyncio
import time
from datetime import datetime

import structlog

from config.people.previews import Previews
from optimizer.process import ProcessPlanner
from v2g.errors import PlanningError
from v2g.ports import Station
from v2g.site import PlannerChoice

log = structlog.get_logger(__name__)
NICE = 10
"""Who asks what would be waits longer than those who control."""
RECALLS = 8
"""A preview asks for three courses on both sides, and today's are asked for again and again."""
FIRST_WALL_S = 60.0
"""So long after its start a daemon has other things to do."""
LOOK_WALL_S = 2.0
REST_FACTOR = 20.0
"""It rests so many times as long as it took: a twentieth of a core, however many cars there are and however often they come."""


def asked_planner(choice: PlannerChoice) -> ProcessPlanner:
    """Return a planner in a process of its own that is asked what would be, not yet started."""
    return ProcessPlanner(choice=choice, nice=NICE, recalls=RECALLS)


async def keep_ready(
    previews: Previews, station: Station, *, first_wall_s: float = FIRST_WALL_S, look_wall_s: float = LOOK_WALL_S
) -> None:
    """Prepare previews after every tick, for ever."""
    prepared: datetime | None = None
    await asyncio.sleep(first_wall_s)
    while True:
        latest, began = station.latest(), time.monotonic()
        if latest is not None and latest.at != prepared:
            prepared = latest.at
            try:
                await previews.prepare()
            except PlanningError as error:  # told to who asks, if it lasts until then
                log.warning("previews_not_prepared", why=str(error))
        await asyncio.sleep(max(look_wall_s, REST_FACTOR * (time.monotonic() - began)))
