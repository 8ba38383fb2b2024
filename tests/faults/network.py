"""WebSockets in process, from the farm's charge points to the central system: frames are lost, late, twice or in disorder."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from websockets.exceptions import ConnectionClosedError

LATENCY_S = (0.01, 0.2)
UNNOTICED_S = 40.0
"""How long a broken line looks whole to the central system: until its pings go unanswered."""


@dataclass(slots=True, kw_only=True)
class Weather:
    """What befalls a frame: the shares (0..1) that are lost, come twice or out of order, and how late all are [s]."""

    lost: float = 0.0
    twice: float = 0.0
    disorder: float = 0.0
    late_s: float = 0.0


class End:
    """One end of a line: what `websockets` gives either side, as far as either uses it."""

    def __init__(self, path: str, subprotocol: str | None) -> None:
        self.request = self.response = SimpleNamespace(path=path, headers={})
        self.subprotocol, self.protocol = subprotocol, SimpleNamespace(close_code=None)
        self.remote_address = ("127.0.0.1", 0)
        self.transport = SimpleNamespace(abort=self.abort)
        self.other: End
        self.carry: Callable[[End, str], None]
        self.on_abort: Callable[[], None] = lambda: None
        self._inbox: asyncio.Queue[str | None] = asyncio.Queue()
        self.closed = False

    async def recv(self) -> str:
        text = None if self.closed and self._inbox.empty() else await self._inbox.get()
        if text is None:
            self.closed = True
            raise ConnectionClosedError(None, None)
        return text

    async def __aiter__(self) -> AsyncIterator[str]:
        while True:
            try:
                text = await self.recv()
            except ConnectionClosedError:
                return
            yield text

    async def send(self, message: str, /) -> None:
        if self.closed:
            raise ConnectionClosedError(None, None)
        self.carry(self, message)

    async def ping(self) -> "asyncio.Future[float]":
        return asyncio.get_running_loop().create_future()

    async def close(self, code: int = 1000, reason: str = "") -> None:
        del reason
        self.protocol.close_code = code
        self.hang_up()
        self.other.hang_up()

    def forget_handshake(self) -> None:
        return

    async def wait_closed(self) -> None:
        return

    def put(self, text: str) -> None:
        """Let `text` arrive."""
        if not self.closed:
            self._inbox.put_nowait(text)

    def hang_up(self) -> None:
        """Let this end notice that the line is no more."""
        if not self.closed:
            self.closed = True
            self._inbox.put_nowait(None)

    def abort(self) -> None:
        """Break the line without a goodbye."""
        self.hang_up()
        self.on_abort()


class Network:
    """Connects stations to whoever listens. `weather` is the station's own, `sent` is told every frame as it is sent."""

    def __init__(self, rng: random.Random, sent: Callable[[str, bool, str], None]) -> None:
        self._rng, self._sent = rng, sent
        self.listener: Callable[[End], None] | None = None
        self.weather: dict[str, Weather] = {}
        self._lines: list[tuple[End, End]] = []

    def connect(self, address: str, *, subprotocols: Sequence[str], **_: Any) -> Any:
        """Stand in for `websockets.asyncio.client.connect`."""
        return self._dial(address, subprotocols[0])

    @asynccontextmanager
    async def _dial(self, address: str, subprotocol: str) -> AsyncIterator[End]:
        await asyncio.sleep(self._rng.uniform(*LATENCY_S))
        if self.listener is None:
            raise ConnectionRefusedError("nobody listens")
        path = "/" + address.rpartition("/")[2]
        ours, theirs = End(path, subprotocol), End(path, subprotocol)
        ours.other, theirs.other = theirs, ours
        for end, from_station in ((ours, True), (theirs, False)):
            end.carry = self._carrier(path[1:], from_station=from_station)
        ours.on_abort = lambda: self._notice(theirs)
        theirs.on_abort = ours.hang_up
        self._lines.append((ours, theirs))
        self.listener(theirs)
        try:
            yield ours
        finally:
            ours.abort()
            self._lines.remove((ours, theirs))

    def cut_all(self) -> None:
        """Break every line at once: the central system is no more."""
        self.listener = None
        for ours, theirs in self._lines:
            theirs.hang_up()
            ours.hang_up()

    def _notice(self, end: End) -> None:
        """Tell the central system's end, at once or only when its pings go unanswered."""
        delay_s = self._rng.choice((0.0, UNNOTICED_S))
        asyncio.get_running_loop().call_later(delay_s, end.hang_up)

    def _carrier(self, station: str, *, from_station: bool) -> Callable[[End, str], None]:
        due_s = 0.0

        def carry(end: End, message: str) -> None:
            nonlocal due_s
            loop, weather, rng = asyncio.get_running_loop(), self.weather.get(station, Weather()), self._rng
            self._sent(station, from_station, message)
            if rng.random() < weather.lost:
                return
            at_s = loop.time() + rng.uniform(*LATENCY_S) + weather.late_s
            if rng.random() < weather.disorder:
                at_s += rng.uniform(0.0, 5.0)
            else:
                at_s = due_s = max(due_s, at_s)
            loop.call_at(at_s, end.other.put, message)
            if rng.random() < weather.twice:
                loop.call_at(at_s + rng.uniform(0.0, 2.0), end.other.put, message)

        return carry
