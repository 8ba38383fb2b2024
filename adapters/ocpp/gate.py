"""Who may connect: decided before the 101, with one answer for an unknown station and for a wrong password."""

import hmac
import ipaddress
from base64 import b64decode
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from urllib.parse import unquote

from v2g.errors import InputError

NOBODY = ""
ABSENT = "\0"  # the password that nobody has: unknown stations take as long to refuse


def station_of(path: str) -> str:
    """Return the station id that a request's path names, "" if it names none."""
    return unquote(path.partition("?")[0]).strip("/")


class Gate:
    """The rule of admission.

    Parameters
    ----------
    stations : mapping
        The subprotocol that the site file names for each station.
    credentials : mapping or None
        Each station's password for Basic authentication; without, only this machine may connect.
    subprotocols : sequence of str
        What we speak, the best first.
    lenient : bool
        Let in chargers that name no subprotocol at all; they get their station's own.

    A station that offers its own subprotocol gets it; one that does not, as after new firmware, gets the best that it offers.

    Raises `InputError` if credentials are given but not for every station.
    """

    def __init__(
        self, stations: Mapping[str, str], credentials: Mapping[str, str] | None, subprotocols: Sequence[str], *, lenient: bool
    ) -> None:
        missing = sorted(stations.keys() - credentials.keys()) if credentials is not None else []
        if missing:
            raise InputError(f"no password for {', '.join(missing)}", place="ocpp.credentials", mend="give each station one")
        self._stations, self._credentials = dict(stations), credentials
        self._subprotocols, self._lenient = tuple(subprotocols), lenient

    def check_bind(self, host: str) -> None:
        """Raise `InputError` if listening on `host` would let strangers in."""
        if self._credentials is None and not _is_loopback(host):
            mend = "give the stations passwords, or listen on 127.0.0.1"
            raise InputError(f"{host!r} is open to the network, but chargers need no password", place="ocpp.host", mend=mend)

    def refusal(self, path: str, authorizations: Sequence[str], offered: Sequence[str]) -> HTTPStatus | None:
        """Return why a request is refused, None to let it in.

        `authorizations` and `offered` are the values of the Authorization and Sec-WebSocket-Protocol headers.
        """
        station_id = station_of(path)
        if not self._is_known(station_id, authorizations):
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

    def _is_known(self, station_id: str, authorizations: Sequence[str]) -> bool:
        known = station_id in self._stations
        if self._credentials is None:
            return known
        user, password = _basic(authorizations)
        expected = self._credentials.get(station_id, ABSENT)
        right = hmac.compare_digest(_digest(password), _digest(expected))
        return known and right and user == station_id


def subprotocols_of(headers: Iterable[str]) -> list[str]:
    """Return the names in Sec-WebSocket-Protocol headers."""
    return [name.strip() for header in headers for name in header.split(",") if name.strip()]


def _basic(authorizations: Sequence[str]) -> tuple[str, str]:
    """Return user and password of one Basic authorisation; nobody's for none, several or nonsense."""
    if len(authorizations) != 1:
        return NOBODY, NOBODY
    scheme, _, token = authorizations[0].partition(" ")
    try:
        user, _, password = b64decode(token.strip(), validate=True).decode().partition(":")
    except ValueError:
        return NOBODY, NOBODY
    return (user, password) if scheme.lower() == "basic" else (NOBODY, NOBODY)


def _digest(password: str) -> bytes:
    """Return a digest of one length, so that comparing tells nothing of the password's."""
    return hmac.digest(b"ocpp", password.encode(), "sha256")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
