"""People and machines, for who administers them."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Response
from fastapi import Path as InPath

from adapters.web.access.needs import TheAccounts, TheCaller, needs
from adapters.web.http.problems import documented
from adapters.web.people.models import (
    IssuedModel,
    LinkModel,
    MachineForm,
    MachineModel,
    PersonForm,
    PersonModel,
    RoleForm,
    link_view,
    machine_view,
    person_view,
)
from v2g.access import FOR_MACHINES, Right

router = APIRouter(prefix="/api", tags=["access"], dependencies=[needs(Right.PEOPLE)])

Name = Annotated[str, InPath(min_length=1, max_length=200)]
MachineId = Annotated[str, InPath(pattern="^[0-9A-Za-z_]{1,60}$")]
LOOKED_AT, CHANGED, NAMED = documented(401, 403, 404, 429, 503), (400, 401, 403, 404, 413, 415, 422, 429, 503), (401, 403, 404, 422)
NOBODY = "there is nobody of this name"


@router.get("/people", responses=LOOKED_AT)
async def people(accounts: TheAccounts) -> list[PersonModel]:
    """Return everybody who may log in."""
    return [person_view(person) for person in await accounts.people()]


@router.post("/people", status_code=201, responses=documented(*CHANGED))
async def invite(form: PersonForm, accounts: TheAccounts, caller: TheCaller) -> LinkModel:
    """Add a person; the answer holds the one-time link by which they choose a password."""
    return link_view(form.name, await accounts.invite(form.name, form.role, by=caller.name))


@router.post("/people/{name}/link", status_code=201, responses=documented(*NAMED, 429, 503))
async def reinvite(name: Name, accounts: TheAccounts, caller: TheCaller) -> LinkModel:
    """Give somebody a one-time link by which they choose another password."""
    link = await accounts.reinvite(name, by=caller.name)
    if link is None:
        raise HTTPException(404, NOBODY)
    return link_view(name, link)


@router.put("/people/{name}/role", status_code=204, responses=documented(*CHANGED))
async def set_role(name: Name, form: RoleForm, accounts: TheAccounts, caller: TheCaller) -> None:
    """Give somebody another role; it holds from their next call on."""
    if not await accounts.set_role(name, form.role, by=caller.name):
        raise HTTPException(404, NOBODY)


@router.delete("/people/{name}", status_code=204, responses=documented(*NAMED, 429, 503))
async def remove(name: Name, accounts: TheAccounts, caller: TheCaller) -> None:
    """Remove somebody; their sessions end."""
    if not await accounts.remove(name, by=caller.name):
        raise HTTPException(404, NOBODY)


@router.get("/machines", responses=LOOKED_AT)
async def machines(accounts: TheAccounts) -> list[MachineModel]:
    """Return all machines with a token that has not ended, the newest first."""
    return [machine_view(machine) for machine in await accounts.machines()]


@router.post("/machines", status_code=201, responses=documented(*CHANGED))
async def issue(form: MachineForm, accounts: TheAccounts, caller: TheCaller, response: Response) -> IssuedModel:
    """Add a machine; the answer holds its token, which nobody can ask for again."""
    rights = FOR_MACHINES if form.rights is None else frozenset(form.rights)
    machine, token = await accounts.issue(name=form.name, role=form.role, rights=rights, days=form.days, by=caller.name)
    response.headers["Location"] = f"/api/machines/{machine.machine_id}"
    return IssuedModel(machine=machine_view(machine), token=token.text)


@router.delete("/machines/{machine_id}", status_code=204, responses=documented(*NAMED, 429, 503))
async def revoke(machine_id: MachineId, accounts: TheAccounts, caller: TheCaller) -> None:
    """End a machine's token."""
    if not await accounts.revoke(machine_id, by=caller.name):
        raise HTTPException(404, "there is no machine with this id")
