"""Which of thousands of connections are dead: one task for all of them, and a ping only for those that have said nothing."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Protocol

import structlog

log = structlog.get_logger()

TURNS = 20  # of a period; in each a part of the connections is looked at, lest 5,000 pings go out at once


class Listened(Protocol):
    """A connection that can be listened to."""

    heard: bool

    def prod(self) -> None:
        """Send a ping, if the connection is open."""
        ...

    def give_up(self) -> None:
        """Cut the connection off: nobody is there."""
        ...


class Keepalive:
    """Looks at each connection once a period [wall s]: who has been silent is pinged, who is still silent then is cut off.

    A charger that speaks is alive, whether it answers pings or not: some never do.
    """

    def __init__(self, period_wall_s: float) -> None:
        self._turn_wall_s = period_wall_s / TURNS
        self._groups: tuple[dict[Listened, bool], ...] = tuple({} for _ in range(TURNS))
        self._places = count()

    @contextmanager
    def watching(self, socket: Listened) -> Iterator[None]:
        """Look at `socket` as long as the context lasts."""
        group = self._groups[next(self._places) % TURNS]
        group[socket] = False
        try:
            yield
        finally:
            del group[socket]

    async def run(self) -> None:
        """Look for ever."""
        while True:
            for group in self._groups:
                await asyncio.sleep(self._turn_wall_s)
                for socket, pinged in tuple(group.items()):
                    group[socket] = self._look(socket, pinged=pinged)

    def _look(self, socket: Listened, *, pinged: bool) -> bool:
        """Return whether the socket was pinged now."""
        heard, socket.heard = socket.heard, False
        if heard:
            return False
        if pinged:
            socket.give_up()
            return False
        socket.prod()
        return True
