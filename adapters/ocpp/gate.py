"""Who may connect: decided before the 101, with one answer for an unknown station and for a wrong password."""

import ipaddress
from base64 import b64decode
from collections.abc import Collection, Iterable, Mapping, Sequence
from http import HTTPStatus
from urllib.parse import unquote

from adapters.ocpp.credentials import Credentials
from v2g.errors import InputError

NOBODY = ("", b"")


def station_of(path: str) -> str:
    """Return the station id that a request's path names, "" if it names none."""
    return unquote(path.partition("?")[0]).strip("/")


class Gate:
    """The rule of admission.

    Parameters
    ----------
    stations : mapping
        The subprotocol that the site file names for each station.
    credentials : Credentials or None
        The stations' passwords for Basic authentication.
    certificates : bool
        Whether stations may show certificates instead (security profile 3).
    subprotocols : sequence of str
        What we speak, the best first.
    lenient : bool
        Let in chargers that name no subprotocol at all; they get their station's own.

    A station that has a password shows it, one that has none shows a certificate in its name, and whoever shows a certificate shows
    their own. With neither passwords nor certificates, only this machine may connect.

    A station that offers its own subprotocol gets it; one that does not, as after new firmware, gets the best that it offers.

    Raises `InputError` if there are credentials but no certificates, and a station without a password.
    """

    def __init__(
        self,
        stations: Mapping[str, str],
        credentials: Credentials | None,
        subprotocols: Sequence[str],
        *,
        lenient: bool,
        certificates: bool = False,
    ) -> None:
        missing = [name for name in sorted(stations) if credentials is not None and name not in credentials]
        if missing and not certificates:
            raise InputError(f"no password for {', '.join(missing)}", place="ocpp.credentials", mend="give each station one")
        self.authenticates = credentials is not None or certificates
        self._stations, self._credentials = dict(stations), credentials or Credentials({})
        self._subprotocols, self._lenient = tuple(subprotocols), lenient

    def check_bind(self, host: str) -> None:
        """Raise `InputError` if listening on `host` would let strangers in."""
        if not self.authenticates and not is_here(host):
            mend = "give the stations passwords, or listen on 127.0.0.1"
            raise InputError(f"{host!r} is open to the network, but chargers need no password", place="ocpp.host", mend=mend)

    def refusal(
        self, path: str, authorizations: Sequence[str], offered: Sequence[str], certified: Collection[str] | None = None
    ) -> HTTPStatus | None:
        """Return why a request is refused, None to let it in.

        `authorizations` and `offered` are the values of the Authorization and Sec-WebSocket-Protocol headers, `certified` the names
        in the client's certificate, which has been checked, None if it showed none.
        """
        station_id = station_of(path)
        if not self._is_known(station_id, authorizations, certified):
            return HTTPStatus.UNAUTHORIZED
        names = subprotocols_of(offered)
        if self.choose(station_id, names) is None and (names or not self._lenient):
            return HTTPStatus.BAD_REQUEST
        return None

    def named(self, station_id: str) -> str:
        """Return the subprotocol that the site file names for a station."""
        return self._stations[station_id]

    def choose(self, station_id: str, offered: Iterable[str]) -> str | None:
        """Return the station's own subprotocol if it is `offered`, else the best that is, None if we speak none of them."""
        names = set(offered)
        return next((name for name in (self._stations.get(station_id), *self._subprotocols) if name in names), None)

    def _is_known(self, station_id: str, authorizations: Sequence[str], certified: Collection[str] | None) -> bool:
        known, bound = station_id in self._stations, certified is None or station_id in certified
        if not self.authenticates:
            return known
        user, password = _basic(authorizations)
        right = self._credentials.right(station_id, password) and user == station_id
        proved = right if station_id in self._credentials else certified is not None
        return known and bound and proved


def subprotocols_of(headers: Iterable[str]) -> list[str]:
    """Return the names in Sec-WebSocket-Protocol headers."""
    return [name.strip() for header in headers for name in header.split(",") if name.strip()]


def _basic(authorizations: Sequence[str]) -> tuple[str, bytes]:
    """Return user and password of one Basic authorisation; nobody's for none, several or nonsense."""
    if len(authorizations) != 1:
        return NOBODY
    scheme, _, token = authorizations[0].partition(" ")
    try:
        name, _, password = b64decode(token.strip(), validate=True).partition(b":")
        user = name.decode()
    except ValueError:
        return NOBODY
    return (user, password) if scheme.lower() == "basic" else NOBODY


def is_here(host: str) -> bool:
    """Return whether `host` is this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
