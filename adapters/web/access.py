"""What a call needs: every route says the right it takes, or that it is open to all."""

from ipaddress import ip_address
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from adapters.web.callers import Callers
from v2g.access import Caller, Right
from v2g.ports import Station

BEARER = HTTPBearer(auto_error=False, description="A machine's token, or the daemon's.")


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


async def the_caller(request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)]) -> Caller | None:
    """Return who calls, None if nobody knows."""
    callers: Callers = request.app.state.callers
    return await callers.find(given.credentials if given else None)


class Needs:
    """Refuses whoever lacks `right`: with 401 where nobody knows who calls, else with 403."""

    def __init__(self, right: Right) -> None:
        self.right = right

    async def __call__(self, caller: Annotated[Caller | None, Depends(the_caller)]) -> Caller:
        """Return who calls. Raises `HTTPException` if they may not."""
        if caller is not None and caller.may(self.right):
            return caller
        if caller is None or not caller.known:
            raise HTTPException(401, f"this needs the right to {self.right}: log in", headers={"WWW-Authenticate": "Bearer"})
        raise HTTPException(403, f"{caller.name} lacks the right to {self.right}")


async def nothing() -> None:
    """Let everybody in."""


def needs(right: Right) -> Any:
    """Return the dependency that lets in only who has `right`."""
    return Depends(Needs(right))


OPEN_TO_ALL = Depends(nothing)
"""The dependency of a route that needs no right: it tells nothing of the station, or shows by itself who may."""


async def known_caller(caller: Annotated[Caller | None, Depends(the_caller)]) -> Caller:
    """Return who calls, on a route that `needs` a right."""
    if caller is None:
        raise HTTPException(401, "log in", headers={"WWW-Authenticate": "Bearer"})
    return caller


TheStation = Annotated[Station, Depends(the_station)]
TheCaller = Annotated[Caller, Depends(known_caller)]
