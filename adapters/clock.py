"""Clocks: the wall's, a faster one for the demo, and one that stands still until it is moved."""

import asyncio
import time
from datetime import UTC, datetime, timedelta


class RealClock:
    """The wall clock."""

    def now(self) -> datetime:
        """Return the present instant, aware UTC."""
        return datetime.now(UTC)

    def steady_s(self) -> float:
        """Return seconds that pass as they do, however the clock is set."""
        return time.monotonic()

    async def sleep(self, duration_s: float) -> None:
        """Wait `duration_s` seconds."""
        await asyncio.sleep(duration_s)


class AcceleratedClock:
    """A clock that starts at `start` and runs `speed` times as fast as the wall's; it never runs backwards."""

    def __init__(self, start: datetime, speed: float) -> None:
        self._start, self._speed, self._origin_s = start.astimezone(UTC), speed, time.monotonic()

    def now(self) -> datetime:
        """Return the present instant of this clock, aware UTC."""
        return self._start + timedelta(seconds=self.steady_s())

    def steady_s(self) -> float:
        """Return the seconds of this clock since its start."""
        return (time.monotonic() - self._origin_s) * self._speed

    async def sleep(self, duration_s: float) -> None:
        """Wait `duration_s` seconds of this clock."""
        await asyncio.sleep(duration_s / self._speed)


class VirtualClock:
    """A clock that moves only when told to: simulations run as fast as they can, and the same each time."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """Return the instant last set, aware UTC."""
        return self._now

    def steady_s(self) -> float:
        """Return the seconds since 1970: this clock never jumps, it is moved."""
        return self._now.timestamp()

    def advance_to(self, instant: datetime) -> None:
        """Move forwards to `instant`. Raises `ValueError` if it lies in the past."""
        if instant < self._now:
            raise ValueError(f"{instant} is before {self._now}: a clock never runs backwards")
        self._now = instant.astimezone(UTC)

    async def sleep(self, duration_s: float) -> None:
        """Move forwards by `duration_s` seconds at once."""
        self.advance_to(self._now + timedelta(seconds=duration_s))
        await asyncio.sleep(0)
