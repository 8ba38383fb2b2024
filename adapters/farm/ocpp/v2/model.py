"""The device model: variables of components, which can be read, set and reported (OCPP 2.0.1, B05 to B08)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from adapters.farm.ocpp.fields import stamp
from adapters.farm.ocpp.link import Payload

ITEMS_A_REPORT = 20


class Name(NamedTuple):
    """A variable of a component; `evse_id` 0 for the whole station."""

    component: str
    variable: str
    evse_id: int = 0
    instance: str | None = None


@dataclass(slots=True, kw_only=True)
class Variable:
    """A value and what may be made of it: `kind` is its DataEnumType, `values` what a list or member list may hold."""

    value: str
    kind: str = "string"
    writable: bool = False
    unit: str | None = None
    values: tuple[str, ...] = ()
    most: float | None = None

    def takes(self, value: str) -> bool:
        """Return whether it can be set to `value`."""
        match self.kind:
            case "integer":
                return value.isdecimal()
            case "boolean":
                return value in {"true", "false"}
            case "OptionList":
                return value in self.values
            case "MemberList" | "SequenceList":
                return all(part in self.values for part in value.split(","))
            case _:
                return True


class Model:
    """The variables of one station by name."""

    def __init__(self, variables: dict[Name, Variable]) -> None:
        self._variables = variables

    def text(self, component: str, variable: str) -> str:
        """Return the value of a variable of the whole station."""
        return self._variables[Name(component, variable)].value

    def seconds(self, component: str, variable: str) -> float:
        """Return an interval [s]; 0 means never."""
        return float(self.text(component, variable))

    def put(self, component: str, variable: str, value: str) -> None:
        """Set a variable of the whole station, writable or not."""
        self._variables[Name(component, variable)].value = value

    def read(self, query: Payload) -> Payload:
        """Return the GetVariableResult for one GetVariableData."""
        name, status = self._look_up(query)
        result = _echo(query) | {"attributeStatus": status}
        return result if status != "Accepted" else result | {"attributeValue": self._variables[name].value}

    def write(self, order: Payload) -> Payload:
        """Set one variable by its SetVariableData and return the SetVariableResult."""
        name, status = self._look_up(order)
        if status == "Accepted":
            variable, value = self._variables[name], order["attributeValue"].replace(" ", "")
            if variable.writable and variable.takes(value):
                variable.value = value
            else:
                status = "Rejected"
        return _echo(order) | {"attributeStatus": status}

    def reports(self, request_id: int, now: datetime, *, wanted: list[Payload] | None, writable: bool) -> list[Payload]:
        """Return the NotifyReport requests: of all variables, of those `wanted` by component or of the `writable`; maybe none."""
        rows = [
            _row(name, variable)
            for name, variable in self._variables.items()
            if (variable.writable or not writable) and (wanted is None or any(_matches(name, one) for one in wanted))
        ]
        return [
            {
                "requestId": request_id,
                "generatedAt": stamp(now),
                "seqNo": first // ITEMS_A_REPORT,
                "tbc": first + ITEMS_A_REPORT < len(rows),
                "reportData": rows[first : first + ITEMS_A_REPORT],
            }
            for first in range(0, len(rows), ITEMS_A_REPORT)
        ]

    def _look_up(self, data: Payload) -> tuple[Name, str]:
        component, variable = data["component"], data["variable"]
        name = Name(component["name"], variable["name"], component.get("evse", {}).get("id", 0), variable.get("instance"))
        if name not in self._variables:
            known = any((n.component, n.evse_id) == (name.component, name.evse_id) for n in self._variables)
            return name, "UnknownVariable" if known else "UnknownComponent"
        return name, "Accepted" if data.get("attributeType", "Actual") == "Actual" else "NotSupportedAttributeType"


def _echo(data: Payload) -> Payload:
    return {key: data[key] for key in ("component", "variable", "attributeType") if key in data}


def _matches(name: Name, wanted: Payload) -> bool:
    component, variable = wanted["component"], wanted.get("variable")
    here = component["name"] == name.component and component.get("evse", {}).get("id", name.evse_id) == name.evse_id
    return here and (variable is None or variable["name"] == name.variable)


def _row(name: Name, variable: Variable) -> Payload:
    return {
        "component": dict(_said(name=name.component, evse={"id": name.evse_id} if name.evse_id else None)),
        "variable": dict(_said(name=name.variable, instance=name.instance)),
        "variableAttribute": [{"value": variable.value, "mutability": "ReadWrite" if variable.writable else "ReadOnly"}],
        "variableCharacteristics": dict(
            _said(
                dataType=variable.kind,
                unit=variable.unit,
                maxLimit=variable.most,
                valuesList=",".join(variable.values) or None,
                supportsMonitoring=False,
            )
        ),
    }


def _said(**fields: object) -> Iterator[tuple[str, object]]:
    return ((name, value) for name, value in fields.items() if value is not None)
