"""What the API is told and says of people, machines and logging in."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from adapters.web.models import Form, Model, Text
from v2g.access import Caller, CallerKind, Right, Role
from v2g.accounts import NAME, NAME_SAID, Machine, Person, Secret

PersonName = Annotated[str, Field(pattern=NAME, description=f"{NAME_SAID[0].upper()}{NAME_SAID[1:]}")]
Password = Annotated[str, Field(min_length=1, max_length=256, json_schema_extra={"format": "password"})]


class LoginForm(Form):
    """Who logs in."""

    name: Annotated[Text, Field(max_length=60)]
    password: Password


class LinkForm(Form):
    """A one-time link's secret, and the password chosen by it."""

    link: Annotated[str, Field(min_length=1, max_length=100)]
    password: Password


class PasswordForm(Form):
    """A new password in place of the old one."""

    old: Password
    new: Password


class PersonForm(Form):
    """A new person."""

    name: PersonName
    role: Role


class RoleForm(Form):
    """Another role."""

    role: Role


class MachineForm(Form):
    """A new machine; `rights` narrow what its role may do, all of it where they are left out."""

    name: PersonName
    role: Role
    rights: Annotated[list[Right], Field(max_length=len(Right))] | None = None
    days: Annotated[float, Field(strict=True, gt=0, le=3660, allow_inf_nan=False)] = 90.0


class MeModel(Model):
    """Who calls: `name` is null where nobody knows, `logs_in` whether people log in at this station."""

    name: str | None
    role: Role | None
    kind: CallerKind | None
    rights: list[Right]
    logs_in: bool


class PersonModel(Model):
    """Somebody who may log in, from when there is a password."""

    name: str
    role: Role
    created_at: datetime
    has_password: bool
    invited_until: datetime | None


class LinkModel(Model):
    """A one-time link, shown once: the page /login with `link` after the #."""

    name: str
    link: str
    until: datetime


class MachineModel(Model):
    """A machine whose token ends at `until`."""

    machine_id: str
    name: str
    role: Role
    rights: list[Right]
    created_at: datetime
    created_by: str
    until: datetime


class IssuedModel(Model):
    """A new machine and its token, shown once."""

    machine: MachineModel
    token: str


def me_view(caller: Caller | None, *, logs_in: bool) -> MeModel:
    """Return who calls."""
    if caller is None:
        return MeModel(name=None, role=None, kind=None, rights=[], logs_in=logs_in)
    rights = sorted(caller.rights)
    return MeModel(name=caller.name, role=caller.role, kind=caller.kind, rights=rights, logs_in=logs_in)


def person_view(person: Person) -> PersonModel:
    """Return one person."""
    return PersonModel(
        name=person.name,
        role=person.role,
        created_at=person.created_at,
        has_password=person.has_password,
        invited_until=person.invited_until,
    )


def link_view(name: str, link: Secret) -> LinkModel:
    """Return a one-time link."""
    return LinkModel(name=name, link=link.text, until=link.until)


def machine_view(machine: Machine) -> MachineModel:
    """Return one machine."""
    return MachineModel(
        machine_id=machine.machine_id,
        name=machine.name,
        role=machine.role,
        rights=sorted(machine.may),
        created_at=machine.created_at,
        created_by=machine.created_by,
        until=machine.until,
    )
