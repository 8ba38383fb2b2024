"""Connections whose handshake is not over: how many wait, and who goes when there are too many."""

from collections import Counter

from websockets.asyncio.server import ServerConnection

LEAST_PLACES, PLACES_PER_STATION = 100, 2


def address_of(socket: ServerConnection) -> str:
    """Return the peer's IP address."""
    peer = socket.transport.get_extra_info("peername")
    return str(peer[0]) if peer else ""


class Lobby:
    """Where a connection waits from the first byte until it is let in.

    Beyond `places`, the oldest from the address with the most must go: whoever fills the lobby pushes out his own.
    """

    def __init__(self, n_stations: int) -> None:
        self.places = max(LEAST_PLACES, PLACES_PER_STATION * n_stations)
        self._guests: dict[ServerConnection, str] = {}
        self._by_address: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._guests)

    def enter(self, guest: ServerConnection) -> None:
        """Give a connection a place."""
        address = self._guests[guest] = address_of(guest)
        self._by_address[address] += 1
        if len(self._guests) > self.places:
            crowd = max(self._by_address, key=self._by_address.__getitem__)
            oldest = next(guest for guest, address in self._guests.items() if address == crowd)
            self.leave(oldest)
            oldest.transport.abort()

    def leave(self, guest: ServerConnection) -> None:
        """Free the place of a connection, if it still has one."""
        address = self._guests.pop(guest, None)
        if address is not None:
            self._by_address[address] -= 1
            if not self._by_address[address]:
                del self._by_address[address]
