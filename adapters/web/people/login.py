"""Logging in and out, and who one is."""

from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, HTTPException, Request, Response

from adapters.attempts import Attempts, neighbourhood
from adapters.web.access.callers import too_often
from adapters.web.access.cookies import forget, remember
from adapters.web.access.needs import COOKIE, OPEN_TO_ALL, TheAccounts, TheCaller, address_of, needs, the_caller
from adapters.web.http.problems import documented
from adapters.web.people.models import LinkForm, LoginForm, MeModel, PasswordForm, me_view
from v2g.access import Caller, CallerKind, Right
from v2g.accounts import Login

router = APIRouter(prefix="/api", tags=["access"])
log = structlog.get_logger(__name__)
ASKED = documented(400, 401, 403, 404, 413, 415, 422, 429, 503)


class Doors:
    """Counts tries to log in, by address and by name: whoever has many addresses still has one name to guess the password of."""

    def __init__(self) -> None:
        self.by_address = Attempts(burst=10, period_s=10.0)
        self.by_name = Attempts(burst=20, period_s=20.0)

    def knock(self, address: str, name: str | None) -> None:
        """Count a try. Raises `HTTPException` if there were too many."""
        wait_s = self.by_address.take(neighbourhood(address))
        if not wait_s and name is not None:
            wait_s = self.by_name.take(name.casefold())
        if wait_s:
            log.warning("login_refused", address=address, wait_s=round(wait_s))
            raise too_often(wait_s)

    def opened(self, address: str, name: str | None) -> None:
        """Take back a try that was right."""
        self.by_address.forgive(neighbourhood(address))
        if name is not None:
            self.by_name.forgive(name.casefold())


def the_doors(request: Request) -> Doors:
    """Return what counts tries to log in."""
    doors: Doors = request.app.state.doors
    return doors


TheDoors = Annotated[Doors, Depends(the_doors)]


@router.get("/me", dependencies=[OPEN_TO_ALL], responses=documented(429))
async def me(request: Request, caller: Annotated[Caller | None, Depends(the_caller)]) -> MeModel:
    """Return who calls and what they may do; no name where nobody knows."""
    return me_view(caller, logs_in=request.app.state.accounts is not None)


@router.post("/login", dependencies=[OPEN_TO_ALL], responses=ASKED)
async def log_in(form: LoginForm, accounts: TheAccounts, doors: TheDoors, request: Request, response: Response) -> MeModel:
    """Log in with a name and a password; the session comes as a cookie."""
    address = address_of(request)
    doors.knock(address, form.name)
    login = await accounts.log_in(form.name, form.password)
    if login is None:
        log.warning("login_failed", address=address)
        raise HTTPException(401, "the name or the password is wrong")
    doors.opened(address, form.name)
    return _welcome(login, request, response)


@router.post("/login/link", dependencies=[OPEN_TO_ALL], responses=ASKED)
async def accept(form: LinkForm, accounts: TheAccounts, doors: TheDoors, request: Request, response: Response) -> MeModel:
    """Choose a password by a one-time link, and be logged in."""
    address = address_of(request)
    doors.knock(address, None)
    login = await accounts.accept(form.link, form.password)
    if login is None:
        log.warning("link_failed", address=address)
        raise HTTPException(401, "the link was used, or is over: ask for another")
    doors.opened(address, None)
    return _welcome(login, request, response)


@router.post("/logout", status_code=204, dependencies=[OPEN_TO_ALL], responses=documented(403, 404, 429, 503))
async def log_out(
    accounts: TheAccounts,
    caller: Annotated[Caller | None, Depends(the_caller)],
    session: Annotated[str | None, Depends(COOKIE)],
    request: Request,
    response: Response,
) -> None:
    """End the session."""
    if caller is not None and session is not None:
        await accounts.log_out(session)
    forget(response, request)


@router.post("/me/password", status_code=204, dependencies=[needs(Right.READ)], responses=ASKED)
async def change_password(
    form: PasswordForm, accounts: TheAccounts, caller: TheCaller, doors: TheDoors, request: Request, response: Response
) -> None:
    """Choose another password; all sessions of the person end."""
    if caller.kind is not CallerKind.PERSON:
        raise HTTPException(403, "machines have no password")
    address = address_of(request)
    doors.knock(address, caller.name)
    if not await accounts.change_password(caller.name, form.old, form.new):
        raise HTTPException(403, "the old password is wrong")
    doors.opened(address, caller.name)
    forget(response, request)


def _welcome(login: Login, request: Request, response: Response) -> MeModel:
    remember(response, request, login.session)
    log.info("logged_in", name=login.caller.name, role=login.caller.role)
    return me_view(login.caller, logs_in=True)
