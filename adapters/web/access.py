"""Who may change something, and where the API may be reached."""

import hmac
from ipaddress import ip_address
from typing import Annotated

from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from v2g.ports import Station

BEARER = HTTPBearer(auto_error=False, description="Needed to change anything, if the daemon was given a token.")


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches `host`."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def the_station(request: Request) -> Station:
    """Return the station the API is about."""
    station: Station = request.app.state.station
    return station


async def require_token(request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)]) -> None:
    """Refuse with 401 unless the call carries the daemon's token, where there is one."""
    token: str | None = request.app.state.token
    if token is None:
        return
    if given is None or not hmac.compare_digest(given.credentials.encode(), token.encode()):
        detail = "this changes something and needs the daemon's token"
        raise HTTPException(401, detail, headers={"WWW-Authenticate": "Bearer"})


TheStation = Annotated[Station, Depends(the_station)]
