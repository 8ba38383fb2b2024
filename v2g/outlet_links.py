"""Addresses that only who stands at an outlet knows: each ends in a token that nobody can guess."""

import base64
import hashlib
import hmac
from collections.abc import Iterable

TOKEN_BYTES = 15
"""120 bits, 24 letters and digits: few enough for a QR code that a wet phone reads."""


class OutletLinks:
    """Turns outlets into tokens and back, by a secret `key` of at least 16 bytes; who has one token can tell no other.

    token = base32(HMAC-SHA256(key, outlet)), cut off
    """

    def __init__(self, key: bytes, evse_ids: Iterable[str]) -> None:
        self._tokens = {evse_id: _token(key, evse_id) for evse_id in evse_ids}
        self._evse_ids = {token: evse_id for evse_id, token in self._tokens.items()}

    def token(self, evse_id: str) -> str | None:
        """Return the token of an outlet, None if there is no such outlet."""
        return self._tokens.get(evse_id)

    def outlet(self, token: str) -> str | None:
        """Return the outlet of a token, None if it is none's."""
        return self._evse_ids.get(token)


def _token(key: bytes, evse_id: str) -> str:
    digest = hmac.digest(key, evse_id.encode(), hashlib.sha256)
    return base64.b32encode(digest[:TOKEN_BYTES]).decode().lower()
