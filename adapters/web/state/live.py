"""What is shown live: one picture of the station a second, shared by everybody who looks."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import datetime

from adapters.web.plan.view import plan_view
from adapters.web.state.decided import Decided
from adapters.web.state.models import StateModel
from adapters.web.state.view import state_view
from v2g.ports import Station
from v2g.record import TickRecord

PERIOD_S = 1.0
EXPLAINED_MAX = 200
"""Plans of more units are streamed without explanations, of which the page shows the state's sentences only; /api/plan has all."""
SPEED_AFTER_S = 0.5
"""Least wall time between two looks at the station's clock, to tell its speed."""


class Live:
    """Pictures of `station`, made at most once a second however many look, so that lookers do not cost the control loop."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._clock_speed = ClockSpeed()
        self._state: tuple[float, StateModel] | None = None
        self._decided = Decided(None, station.site)
        self._state_text: tuple[StateModel, str] | None = None
        self._plan_text: tuple[TickRecord, str] | None = None
        self._closing = asyncio.Event()

    def close(self) -> None:
        """End all streams."""
        self._closing.set()

    def state(self) -> StateModel:
        """Return the station now, at most a second old."""
        wall_s = time.monotonic()
        if self._state is None or wall_s - self._state[0] >= PERIOD_S:
            speed = self._clock_speed.look(wall_s, self._station.now())
            self._state = (wall_s, state_view(self._station, speed, self.decided()))
        return self._state[1]

    def decided(self) -> Decided:
        """Return what the last tick decided, its words and promises made once however often it is shown."""
        record = self._station.latest()
        if self._decided.record is not record:
            self._decided = Decided(record, self._station.site)
        return self._decided

    async def events(self) -> AsyncIterator[str]:
        """Yield server-sent events: `plan` when there is a new one, `state` every second.

        Nothing is queued: whoever reads slowly gets fewer pictures, never old ones.
        """
        yield "retry: 2000\n\n"
        shown: TickRecord | None = None
        while not self._closing.is_set():
            record = self._station.latest()
            if record is not None and record is not shown:
                shown = record
                yield f"event: plan\ndata: {self._plan(record)}\n\n"
            yield f"event: state\ndata: {self._text(self.state())}\n\n"
            try:
                await asyncio.wait_for(self._closing.wait(), PERIOD_S)
            except TimeoutError:
                continue

    def _text(self, state: StateModel) -> str:
        if self._state_text is None or self._state_text[0] is not state:
            self._state_text = (state, state.model_dump_json())
        return self._state_text[1]

    def _plan(self, record: TickRecord) -> str:
        if self._plan_text is None or self._plan_text[0] is not record:
            self._plan_text = (record, plan_view(record, self._station.site, explained_max=EXPLAINED_MAX).model_dump_json())
        return self._plan_text[1]


class ClockSpeed:
    """Tells how fast the station's clock runs against the wall's, by looking at both."""

    def __init__(self) -> None:
        self._last: tuple[float, datetime] | None = None
        self._speed: float | None = None

    def look(self, wall_s: float, now: datetime) -> float | None:
        """Take one look; return station seconds per second, None before the second look."""
        if self._last is None:
            self._last = (wall_s, now)
        elapsed_s = wall_s - self._last[0]
        if elapsed_s >= SPEED_AFTER_S:
            self._speed = round((now - self._last[1]).total_seconds() / elapsed_s, 1)
            self._last = (wall_s, now)
        return self._speed
