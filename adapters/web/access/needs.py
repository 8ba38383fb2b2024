"""What a call needs: every route says the right it takes, or that it is open to all."""

from typing import Annotated, Any

from fastapi import Depends, HTTPException, Request
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer

from adapters.web.access.callers import Callers, Shown
from adapters.web.access.cookies import CSRF_HEADER, SESSION, proven
from v2g.access import Caller, Right
from v2g.accounts import Accounts
from v2g.ports import Station

BEARER = HTTPBearer(auto_error=False, description="A machine's token, or the daemon's.")
COOKIE = APIKeyCookie(name=SESSION, auto_error=False, description=f"Somebody's session; changes also need {CSRF_HEADER}.")


def the_station(request: Request) -> Station:
    """Return the station the API is about."""
    station: Station = request.app.state.station
    return station


def the_accounts(request: Request) -> Accounts:
    """Return who may log in. Raises `HTTPException` where nobody has to."""
    accounts: Accounts | None = request.app.state.accounts
    if accounts is None:
        raise HTTPException(404, "nobody logs in at this station")
    return accounts


def address_of(request: Request) -> str:
    """Return where a request came from."""
    return request.client.host if request.client else ""


async def the_caller(
    request: Request,
    given: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)],
    session: Annotated[str | None, Depends(COOKIE)],
) -> Caller | None:
    """Return who calls, None if nobody knows. Raises `HTTPException` if a foreign page may have made their browser call."""
    callers: Callers = request.app.state.callers
    bearer = given.credentials if given else None
    request.state.shown = Shown(bearer=bearer, session=session, address=address_of(request))
    caller = await callers.find(request.state.shown)
    if caller is not None and caller.known and bearer is None and session is not None and not proven(request, session):
        raise HTTPException(403, f"the header {CSRF_HEADER} lacks the value of its cookie")
    return caller


async def still_may(request: Request, right: Right) -> bool:
    """Return whether who made a request, long ago perhaps, may do it still."""
    callers: Callers = request.app.state.callers
    try:
        caller = await callers.find(request.state.shown)
    except HTTPException:  # wrong too often by now
        return False
    return caller is not None and caller.may(right)


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
TheAccounts = Annotated[Accounts, Depends(the_accounts)]
TheCaller = Annotated[Caller, Depends(known_caller)]
