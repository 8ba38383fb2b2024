"""Who may try to connect how often: against guessing, against storms that never end, and so that neither locks a charger out."""

from ipaddress import IPv6Address, ip_address

from adapters.ocpp.throttle import Throttle

PAIR_BURST, PAIR_EVERY_S = 5, 10.0
ADDRESS_BURST, ADDRESS_EVERY_S = 20, 1.0
STATION_BURST, STATION_EVERY_S = 20, 5.0
ENTRIES_BURST, ENTRIES_EVERY_S = 30, 2.0
STORM_S, STORM_LEAST, STORM_PER_STATION = 60.0, 100, 4  # a whole site may be behind one address


class Guard:
    """Counts handshakes by address and by station [s of one clock].

    Wrong passwords: few from an address for a station, some from an address, some for a station from wherever. The last two
    do not bind a station where it was let in last: nobody else's guessing keeps it out. Right ones: some for a
    station, and from an address some for each of the site's `n_stations`. Names are kept as hashes, since strangers choose them.
    """

    def __init__(self, n_stations: int) -> None:
        storm = max(STORM_LEAST, STORM_PER_STATION * n_stations)
        self._wrong_by_pair = Throttle(PAIR_BURST, PAIR_EVERY_S)
        self._wrong_by_address = Throttle(ADDRESS_BURST, ADDRESS_EVERY_S)
        self._wrong_by_station = Throttle(STATION_BURST, STATION_EVERY_S)
        self._entries_by_address = Throttle(storm, STORM_S / storm)
        self._entries_by_station = Throttle(ENTRIES_BURST, ENTRIES_EVERY_S)
        self._homes: dict[str, str] = {}

    def may_try(self, address: str, station_id: str, at_s: float) -> bool:
        """Return whether an attempt is worth a look."""
        network, name = _network(address), hash(station_id)
        at_home = self._homes.get(station_id) == network
        return (
            self._wrong_by_pair.is_open((network, name), at_s)
            and (at_home or self._wrong_by_address.is_open(network, at_s))
            and (at_home or self._wrong_by_station.is_open(name, at_s))
            and self._entries_by_address.is_open(network, at_s)
            and self._entries_by_station.is_open(name, at_s)
        )

    def refused(self, address: str, station_id: str, at_s: float) -> None:
        """Count a wrong password, name or certificate."""
        network, name = _network(address), hash(station_id)
        self._wrong_by_pair.take((network, name), at_s)
        self._wrong_by_address.take(network, at_s)
        self._wrong_by_station.take(name, at_s)

    def let_in(self, address: str, station_id: str, at_s: float) -> None:
        """Count a station that was let in, and remember where it lives."""
        network = self._homes[station_id] = _network(address)
        self._entries_by_address.take(network, at_s)
        self._entries_by_station.take(hash(station_id), at_s)


def _network(address: str) -> str:
    """Return what counts as one address: of IPv6 the 64 bits that a subscriber is given, for the others are his to choose."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(ip, IPv6Address):
        return str(ip.ipv4_mapped or IPv6Address(int(ip) >> 64 << 64))
    return str(ip)
