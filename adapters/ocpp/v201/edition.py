"""OCPP 2.0.1: charging only, but for chargers whose vendor takes negative limits."""

from collections.abc import Mapping
from datetime import datetime

from ocpp.v201.enums import Action, ChargingProfileStatusEnumType
from ocpp.v201.enums import AuthorizationStatusEnumType as Authorization

from adapters.ocpp.dialect import Context
from adapters.ocpp.frames import Payload
from adapters.ocpp.schemas import Schemas
from adapters.ocpp.station import Station
from adapters.ocpp.v2.edition import Ask, Edition, Handler
from adapters.ocpp.v2.messages import COMMANDS, NOTED
from adapters.ocpp.v2.profiles import Lease, absolute, charging
from adapters.ocpp.v2.variables import Variable, Variables
from v2g.site import Evse


class Leases201:
    """Lays every lease as an absolute profile; fills `adapters.ocpp.v2.edition.Leases`."""

    handlers: Mapping[str, Handler] = {}

    def __init__(self, ask: Ask, _: Station, __: Context) -> None:
        self._ask = ask

    def variables(self, _: tuple[Evse, ...]) -> tuple[Variable, ...]:
        """Ask nothing beside what every edition asks."""
        return ()

    def learn(self, _: Variables) -> None:
        """Nothing depends on what the charger can."""

    def commanded(self, action: str, payload: Payload, answer: Payload) -> None:
        """No command changes what a setpoint means."""

    async def one_way(self, evse: Evse) -> str:
        """Return why the outlet cannot give back: OCPP 2.0.1 has no word for it, and few vendors a convention."""
        return "" if evse.negative_limits else "OCPP 2.0.1 cannot discharge"

    async def lay(self, lease: Lease) -> datetime | None:
        """Make the charger keep `lease`; return until when it will, None if it refused."""
        request = absolute(lease, charging(lease.limit, lease.evse, lease.phase))
        answer = await self._ask(Action.set_charging_profile, request)
        return lease.until if answer["status"] == ChargingProfileStatusEnumType.accepted else None


EDITION = Edition(
    name="2.0.1",
    schemas=Schemas("2.0.1", Action),
    commands=COMMANDS,
    noted=NOTED,
    leases=Leases201,
    authorization=lambda _: {"idTokenInfo": {"status": Authorization.accepted}},
)
