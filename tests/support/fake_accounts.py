"""Accounts in memory: a real class behind the port `Accounts`. Every password is its owner's name and 12 digits."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

from v2g.access import Caller, CallerKind, Right, Role
from v2g.accounts import Login, Machine, Person, Secret
from v2g.errors import AccessError

SINCE = datetime(2026, 3, 1, tzinfo=UTC)
UNTIL = SINCE + timedelta(days=30)


def password_of(name: str) -> str:
    return f"{name}-012345678901"


class FakeAccounts:
    """Fills `v2g.accounts.Accounts` with one person a role, of the role's name; `asked` counts passwords looked at."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._people = {
            role.value: Person(name=role, role=role, created_at=SINCE, has_password=True, invited_until=None) for role in Role
        }
        self.passwords = {name: password_of(name) for name in self._people}
        self._machines: dict[str, tuple[Machine, str]] = {}
        self._links: dict[str, str] = {}
        self.sessions: dict[str, str] = {}
        self.asked = 0

    async def by_session(self, session: str) -> Caller | None:
        person = self._people.get(self.sessions.get(session, ""))
        return Caller(name=person.name, role=person.role, kind=CallerKind.PERSON) if person else None

    async def by_token(self, token: str) -> Caller | None:
        return next((_caller(machine) for machine, own in self._machines.values() if own == token), None)

    async def check(self, client_id: str, secret: str) -> Caller | None:
        machine, token = self._machines.get(client_id, (None, None))
        return _caller(machine) if machine and token == secret else None

    async def lasts(self, client_id: str) -> bool:
        return client_id in self._machines

    async def log_in(self, name: str, password: str) -> Login | None:
        self.asked += 1
        return self._login(name) if self.passwords.get(name) == password else None

    async def accept(self, link: str, password: str) -> Login | None:
        name = self._links.pop(link, None)
        if name is None:
            return None
        self.passwords[name] = password
        self._people[name] = replace(self._people[name], has_password=True, invited_until=None)
        return self._login(name)

    async def log_out(self, session: str) -> None:
        self.sessions.pop(session, None)

    async def change_password(self, name: str, old: str, new: str) -> bool:
        if self.passwords.get(name) != old:
            return False
        self.passwords[name] = new
        self.sessions = {session: owner for session, owner in self.sessions.items() if owner != name}
        return True

    async def people(self) -> tuple[Person, ...]:
        return tuple(sorted(self._people.values(), key=lambda person: person.name))

    async def invite(self, name: str, role: Role, by: str) -> Secret:  # noqa: ARG002  # of the port
        if name in self._people:
            raise AccessError("there is somebody of this name", place="name", mend="choose another name")
        self._people[name] = Person(name=name, role=role, created_at=SINCE, has_password=False, invited_until=UNTIL)
        return self._link(name)

    async def reinvite(self, name: str, by: str) -> Secret | None:  # noqa: ARG002  # of the port
        return self._link(name) if name in self._people else None

    async def set_role(self, name: str, role: Role, by: str) -> bool:  # noqa: ARG002  # of the port
        if name not in self._people:
            return False
        self._keep_an_admin(name)
        self._people[name] = replace(self._people[name], role=role)
        return True

    async def remove(self, name: str, by: str) -> bool:  # noqa: ARG002  # of the port
        if name not in self._people:
            return False
        self._keep_an_admin(name)
        del self._people[name]
        return True

    async def machines(self) -> tuple[Machine, ...]:
        return tuple(machine for machine, _ in self._machines.values())

    async def issue(self, *, name: str, role: Role, rights: frozenset[Right], days: float, by: str) -> tuple[Machine, Secret]:
        number = next(self._numbers)
        until = SINCE + timedelta(days=days)
        machine = Machine(
            machine_id=f"m{number}", name=name, role=role, rights=rights, created_at=SINCE, created_by=by, until=until
        )
        self._machines[machine.machine_id] = (machine, f"token-{number}")
        return machine, Secret(text=f"token-{number}", until=until)

    async def revoke(self, machine_id: str, by: str) -> bool:  # noqa: ARG002  # of the port
        return self._machines.pop(machine_id, None) is not None

    def _login(self, name: str) -> Login:
        session = f"session-{next(self._numbers)}"
        self.sessions[session] = name
        caller = Caller(name=name, role=self._people[name].role, kind=CallerKind.PERSON)
        return Login(caller=caller, session=Secret(text=session, until=UNTIL))

    def _link(self, name: str) -> Secret:
        link = f"link-{next(self._numbers)}"
        self._links[link] = name
        return Secret(text=link, until=UNTIL)

    def _keep_an_admin(self, name: str) -> None:
        admins = {person.name for person in self._people.values() if person.role is Role.ADMIN and person.has_password}
        if admins == {name}:
            raise AccessError("nobody would be left to administer", place="name", mend="make somebody else an admin first")


def _caller(machine: Machine) -> Caller:
    return Caller(name=machine.name, role=machine.role, kind=CallerKind.MACHINE, scope=machine.rights)
