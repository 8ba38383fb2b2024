"""The device model, as far as it is asked: variables of components, read and set. Source: OCPP 2.0.1, Part 2, B05 and B06."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog
from ocpp.v201.enums import Action
from ocpp.v201.enums import GetVariableStatusEnumType as GetStatus
from ocpp.v201.enums import SetVariableStatusEnumType as SetStatus

from adapters.ocpp.frames import Payload

log = structlog.get_logger()

AT_ONCE = 4  # stations tell their ItemsPerMessage only when asked; none is known to take fewer
SETTLED = frozenset({SetStatus.accepted, SetStatus.reboot_required})
TRUE = "true"


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of a component, the station's or, where `evse_id` is not 0, an outlet's."""

    component: str
    name: str
    evse_id: int = 0

    @property
    def payload(self) -> Payload:
        """The variable as requests name it."""
        evse = {"evse": {"id": self.evse_id}} if self.evse_id else {}
        return {"component": {"name": self.component} | evse, "variable": {"name": self.name}}


@dataclass(frozen=True, slots=True)
class Variables:
    """What a charger told of its variables; "" for what it did not."""

    values: Mapping[Variable, str] = field(default_factory=dict)

    def text(self, variable: Variable) -> str:
        """Return the value, "" if it is not known."""
        return self.values.get(variable, "")

    def is_true(self, variable: Variable) -> bool:
        """Return whether the value is known to be true."""
        return self.text(variable).strip().lower() == TRUE

    def items(self, variable: Variable) -> frozenset[str]:
        """Return the names in a list, none if it is not known."""
        return frozenset(name.strip() for name in self.text(variable).split(",") if name.strip())


RATE_UNIT = Variable("SmartChargingCtrlr", "RateUnit")
SAMPLE_INTERVAL = Variable("SampledDataCtrlr", "TxUpdatedInterval")
MEASURANDS = Variable("SampledDataCtrlr", "TxUpdatedMeasurands")


def phase_switching(evse_id: int) -> Variable:
    """Return the variable that tells whether an outlet can choose the phase of a car on one."""
    return Variable("SmartChargingCtrlr", "ACPhaseSwitchingSupported", evse_id)


Attempt = Callable[[str, Payload], Awaitable[Payload]]
"""Sends a request and returns the answer, empty if there is none."""


async def read(attempt: Attempt, variables: Sequence[Variable]) -> Variables:
    """Return what the charger tells of `variables`, asked a few at a time."""
    values: dict[Variable, str] = {}
    for first in range(0, len(variables), AT_ONCE):
        asked = variables[first : first + AT_ONCE]
        answer = await attempt(Action.get_variables, {"getVariableData": [variable.payload for variable in asked]})
        values |= _told(answer.get("getVariableResult", []))
    return Variables(values)


async def write(attempt: Attempt, variable: Variable, value: str) -> bool:
    """Set a variable; return whether the charger took it."""
    data = variable.payload | {"attributeValue": value}
    answer = await attempt(Action.set_variables, {"setVariableData": [data]})
    return any(result["attributeStatus"] in SETTLED for result in answer.get("setVariableResult", []))


def _told(results: Iterable[Payload]) -> dict[Variable, str]:
    return {
        Variable(result["component"]["name"], result["variable"]["name"], result["component"].get("evse", {}).get("id", 0)): result[
            "attributeValue"
        ]
        for result in results
        if result["attributeStatus"] == GetStatus.accepted and "attributeValue" in result
    }
