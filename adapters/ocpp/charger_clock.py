"""How far a charger's clock is off, by the instants that it tells: days, hours by a time zone, minutes by drift; jumps as well.

A word from the future proves a fast clock. A word from the past proves nothing, since chargers queue; unless it tells of what
happens as it is told, such as a status. An offset counts once `SAMPLES` words agree on it for a minute: a queue is sent in one go.
"""

from datetime import datetime, timedelta
from statistics import median_low

import structlog

from adapters.ocpp.frames import BadFrameError
from adapters.ocpp.instants import parse_instant

log = structlog.get_logger()

RIGHT = timedelta(seconds=60)  # what a clock may be off without harm
AGREE = timedelta(seconds=30)
SAMPLES = 3


class ChargerClock:
    """The clock of one station; `off` is how far it is ahead (> 0) or behind (< 0), 0 while that is not known or no matter."""

    def __init__(self, station_id: str) -> None:
        self.off = timedelta()
        self._heard: tuple[tuple[datetime, timedelta], ...] = ()
        self._station_id = station_id

    def read(self, told: datetime, now: datetime, *, prompt: bool = False) -> datetime:
        """Return when it was, of an instant `told` just `now`; `prompt` says that it was then that it happened."""
        off = told - now
        if abs(off) <= RIGHT:
            self._set(timedelta())
            self._heard = ()
            return min(told, now)
        if prompt or off > timedelta():
            self._heard = (*self._heard, (now, off))[-SAMPLES:]
            self._learn(now)
        return told - self.off

    def hear(self, text: str, now: datetime) -> None:
        """Take note of an instant that was told as it happened, and means nothing else; what is no instant is let be."""
        try:
            self.read(parse_instant(text, "$.timestamp"), now, prompt=True)
        except BadFrameError as error:
            log.info("not_an_instant", station=self._station_id, reason=str(error))

    def _learn(self, now: datetime) -> None:
        offs = [off for _, off in self._heard]
        lasting = now - self._heard[0][0] >= RIGHT
        if len(offs) == SAMPLES and lasting and max(offs) - min(offs) <= AGREE:
            self._set(median_low(offs))

    def _set(self, off: timedelta) -> None:
        """Take note of an offset; what differs by no more than readings do is the same."""
        if abs(off - self.off) > AGREE:
            event = "charger_clock_off" if off else "charger_clock_right"
            log.warning(event, station=self._station_id, off_s=round(off.total_seconds()))
            self.off = off
