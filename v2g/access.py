"""Who may do what: roles, rights, and whoever calls."""

from dataclasses import dataclass, field
from enum import StrEnum


class Right(StrEnum):
    """What a caller may be allowed to do."""

    READ = "read"  # see the station, its plan and its past
    STEER = "steer"  # state drivers' wishes, pause an outlet, charge it now, limit it
    SIGNAL = "signal"  # publish and withdraw prices, limits and calls
    PREVIEW = "preview"  # ask what the station would do
    AUDIT = "audit"  # read and export who did what
    PEOPLE = "people"  # add and remove people and machines


class Role(StrEnum):
    """What people and machines are to the station."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    GRID_OPERATOR = "grid_operator"
    ADMIN = "admin"


EVERYTHING = frozenset(Right)
RIGHTS: dict[Role, frozenset[Right]] = {
    Role.VIEWER: frozenset({Right.READ}),
    Role.OPERATOR: frozenset({Right.READ, Right.STEER, Right.PREVIEW, Right.AUDIT}),
    Role.GRID_OPERATOR: frozenset({Right.READ, Right.SIGNAL, Right.PREVIEW}),
    Role.ADMIN: EVERYTHING,
}
FOR_MACHINES = EVERYTHING - {Right.PEOPLE}
"""What a token can open at most: one that leaks must not make others."""


class CallerKind(StrEnum):
    """How a caller has shown who it is."""

    PERSON = "person"
    MACHINE = "machine"
    ANYBODY = "anybody"  # showed nothing: whoever reaches the station may do so much


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who calls; `name` is what the audit log and the history of signals say. `scope` narrows what the role may do."""

    name: str
    role: Role
    kind: CallerKind
    scope: frozenset[Right] = field(default=EVERYTHING)

    @property
    def rights(self) -> frozenset[Right]:
        """What this caller may do."""
        most = EVERYTHING if self.kind is CallerKind.PERSON else FOR_MACHINES
        return RIGHTS[self.role] & self.scope & most

    @property
    def known(self) -> bool:
        """Whether it has shown who it is."""
        return self.kind is not CallerKind.ANYBODY

    def may(self, right: Right) -> bool:
        """Return whether this caller may do it."""
        return right in self.rights
