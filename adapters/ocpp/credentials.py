"""The stations' passwords, kept as digests: whoever reads this process or its settings learns none of them."""

import hmac
import secrets
from collections.abc import Mapping

from v2g.errors import InputError

KEPT = "hmac-sha256:"
NOBODY = (b"", b"")
"""What unknown stations are held against: as long to refuse as a wrong password, and no digest."""


class Credentials:
    """What each station shows for Basic authentication.

    Parameters
    ----------
    passwords : mapping
        By station, the password itself or its digest as `kept` makes it.
    pepper : str or None
        The secret under which digests were kept; without one, one is made for this run.

    A password in hexadecimal may be shown as its bytes too: OCPP-J 1.6 (6.2.1) sends the bytes of an AuthorizationKey.
    Passwords are random and long, so that one pass of HMAC-SHA256 keeps them. Raises `InputError` for a digest without its pepper.
    """

    def __init__(self, passwords: Mapping[str, str], pepper: str | None = None) -> None:
        if pepper is None and any(told.startswith(KEPT) for told in passwords.values()):
            mend = "name the environment variable with the pepper they were kept under"
            raise InputError("there are digests of passwords, but no pepper", place="ocpp.pepper_env", mend=mend)
        self._pepper = pepper or secrets.token_hex()
        self._digests = {station_id: self._expected(station_id, told) for station_id, told in passwords.items()}

    def __contains__(self, station_id: str) -> bool:
        return station_id in self._digests

    def right(self, station_id: str, password: bytes) -> bool:
        """Return whether `password` is the station's; how long that takes tells nothing."""
        shown = _digest(self._pepper, station_id, password)
        first, second = self._digests.get(station_id, NOBODY)
        return hmac.compare_digest(shown, first) | hmac.compare_digest(shown, second)

    def _expected(self, station_id: str, told: str) -> tuple[bytes, bytes]:
        if told.startswith(KEPT):
            digest = _bytes(told.removeprefix(KEPT)) or b""
            return digest, digest
        text = told.encode()
        return _digest(self._pepper, station_id, text), _digest(self._pepper, station_id, _bytes(told) or text)


def kept(pepper: str, station_id: str, password: str) -> str:
    """Return what to keep of a password instead of it."""
    return KEPT + _digest(pepper, station_id, password.encode()).hex()


def _digest(pepper: str, station_id: str, password: bytes) -> bytes:
    return hmac.digest(pepper.encode(), station_id.encode() + b"\0" + password, "sha256")


def _bytes(text: str) -> bytes | None:
    """Return what `text` is in hexadecimal, None if it is something else."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        return None
