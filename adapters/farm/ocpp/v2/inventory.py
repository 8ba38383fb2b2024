"""The variables of a simulated station (OCPP 2.0.1, Part 2, appendix 3: what matters to a central system)."""

from collections.abc import Sequence

from adapters.farm.ocpp.v2.grammar import Grammar
from adapters.farm.ocpp.v2.model import Model, Name, Variable
from adapters.farm.ocpp.v2.profiles import MAX_PERIODS, MAX_PROFILES, MAX_STACK_LEVEL
from v2g.site import Evse
from v2g.units import w_from_kw

COMMUNICATION, SAMPLED, HEARTBEAT, INTERVAL = "OCPPCommCtrlr", "SampledDataCtrlr", "HeartbeatInterval", "TxUpdatedInterval"
STARTED, UPDATED, ENDED = "TxStartedMeasurands", "TxUpdatedMeasurands", "TxEndedMeasurands"
OF_21 = ("SupportsDynamicProfiles", "SupportsMaxOfflineDuration")


def inventory(station_id: str, evses: Sequence[Evse], grammar: Grammar, sample_s: float) -> Model:
    """Return the device model of a station with these outlets."""
    variables = _station(station_id, evses) | _controllers(grammar, sample_s)
    if grammar.modes:
        variables |= {Name("SmartChargingCtrlr", name): _flag(on=True) for name in OF_21}
    for evse in evses:
        variables |= _evse(evse, grammar)
    return Model(variables)


def _station(station_id: str, evses: Sequence[Evse]) -> dict[Name, Variable]:
    component = "ChargingStation"
    return {
        Name(component, "Model"): Variable(value="Farm 2"),
        Name(component, "VendorName"): Variable(value="Simulated"),
        Name(component, "SerialNumber"): Variable(value=station_id[:25]),
        Name(component, "Available"): _flag(on=True),
        Name(component, "SupplyPhases"): _count(max(len(evse.phases) for evse in evses)),
        Name("DeviceDataCtrlr", "ItemsPerMessage", instance="GetVariables"): _count(50),
        Name("DeviceDataCtrlr", "ItemsPerMessage", instance="SetVariables"): _count(50),
        Name("DeviceDataCtrlr", "ItemsPerMessage", instance="GetReport"): _count(50),
    }


def _controllers(grammar: Grammar, sample_s: float) -> dict[Name, Variable]:
    lists = {name: _list(grammar.metered, grammar.measurands, writable=True) for name in (STARTED, UPDATED, ENDED)}
    return {
        Name(COMMUNICATION, HEARTBEAT): _count(300, "s", writable=True),
        Name(COMMUNICATION, "OfflineThreshold"): _count(60, "s", writable=True),
        Name(COMMUNICATION, "WebSocketPingInterval"): _count(0, "s", writable=True),
        Name(SAMPLED, "Enabled"): _flag(on=True),
        Name(SAMPLED, INTERVAL): _count(round(sample_s), "s", writable=True),
        **{Name(SAMPLED, name): variable for name, variable in lists.items()},
        Name("SmartChargingCtrlr", "Available"): _flag(on=True),
        Name("SmartChargingCtrlr", "Enabled"): _flag(on=True),
        Name("SmartChargingCtrlr", "ProfileStackLevel"): _count(MAX_STACK_LEVEL),
        Name("SmartChargingCtrlr", "PeriodsPerSchedule"): _count(MAX_PERIODS),
        Name("SmartChargingCtrlr", "Entries", instance="ChargingProfiles"): _count(MAX_PROFILES),
        Name("SmartChargingCtrlr", "RateUnit"): Variable(value="A,W", kind="MemberList", values=("A", "W")),
        Name("TxCtrlr", "TxStartPoint"): Variable(value="EVConnected", kind="MemberList", values=("EVConnected",)),
        Name("TxCtrlr", "TxStopPoint"): Variable(value="EVConnected", kind="MemberList", values=("EVConnected",)),
        Name("TxCtrlr", "StopTxOnInvalidId"): _flag(on=True),
        Name("AuthCtrlr", "AuthorizeRemoteStart"): _flag(on=False),
        Name("AuthCtrlr", "LocalPreAuthorize"): _flag(on=True),
        Name("LocalAuthListCtrlr", "Enabled"): _flag(on=True),
        Name("ReservationCtrlr", "Enabled"): _flag(on=True),
        Name("SecurityCtrlr", "SecurityProfile"): _count(1),
        Name("ClockCtrlr", "TimeSource"): Variable(value="Heartbeat", kind="SequenceList", values=("Heartbeat",)),
    }


def _evse(evse: Evse, grammar: Grammar) -> dict[Name, Variable]:
    number = evse.connector_id
    variables = {
        Name("EVSE", "Available", number): _flag(on=True),
        Name("EVSE", "Power", number): Variable(
            value=str(round(w_from_kw(evse.charge_max_kw))), kind="decimal", unit="W", most=w_from_kw(evse.charge_max_kw)
        ),
        Name("EVSE", "SupplyPhases", number): _count(len(evse.phases)),
        Name("Connector", "ConnectorType", number): Variable(value="cCCS2" if evse.charge_max_kw > 22.5 else "sType2"),
    }
    if not grammar.modes:
        return variables
    able = evse.discharge_max_kw > 0.0
    return variables | {
        Name("V2XChargingCtrlr", "Available", number): _flag(on=able),
        Name("V2XChargingCtrlr", "Enabled", number): _flag(on=able),
        Name("V2XChargingCtrlr", "SupportedOperationModes", number): _list(grammar.modes, grammar.modes),
        Name("V2XChargingCtrlr", "SupportedEnergyTransferModes", number): _list(grammar.transfers(evse), grammar.transfers(evse)),
    }


def _flag(*, on: bool) -> Variable:
    return Variable(value="true" if on else "false", kind="boolean")


def _count(number: int, unit: str | None = None, *, writable: bool = False) -> Variable:
    return Variable(value=str(number), kind="integer", unit=unit, writable=writable)


def _list(value: Sequence[str], values: Sequence[str], *, writable: bool = False) -> Variable:
    return Variable(value=",".join(value), kind="MemberList", writable=writable, values=tuple(values))
