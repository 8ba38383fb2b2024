"""OCPP 2.1: what it adds to 2.0.1, and what of that is only kept."""

from datetime import datetime

from ocpp.v21.enums import Action, CertificateStatusEnumType, GenericStatusEnumType, MeasurandEnumType
from ocpp.v21.enums import AuthorizationStatusEnumType as Authorization
from ocpp.v21.enums import EnergyTransferModeEnumType as Transfer

from adapters.ocpp.frames import Payload
from adapters.ocpp.instants import format_instant
from adapters.ocpp.schemas import Schemas
from adapters.ocpp.station import Station
from adapters.ocpp.v2.edition import Edition
from adapters.ocpp.v2.messages import COMMANDS, NOTED, just
from adapters.ocpp.v21.leases import ONE_WAY_MODES, Leases21

STREAM = "NotifyPeriodicEventStream"
COMMANDS_21 = COMMANDS | {
    Action.adjust_periodic_event_stream,
    Action.afrr_signal,
    Action.change_transaction_tariff,
    Action.clear_der_control,
    Action.clear_tariffs,
    Action.get_der_control,
    Action.get_periodic_event_stream,
    Action.get_tariffs,
    Action.request_battery_swap,
    Action.set_default_tariff,
    Action.set_der_control,
    Action.use_priority_charging,
}


def authorization(station: Station) -> Payload:
    """Return the answer to Authorize: two-way transfer is allowed where an outlet of the station can give back."""
    two_way = any(outlet.evse.discharge_max_kw > 0 for outlet in station.outlets.values())
    allowed = sorted(Transfer) if two_way else sorted(ONE_WAY_MODES)
    return {"idTokenInfo": {"status": Authorization.accepted}, "allowedEnergyTransfer": allowed}


def _unknown_chain(asked: Payload, now: datetime) -> Payload:
    """Return that no certificate's status could be found out: nobody here asks an OCSP responder."""
    failed = {"status": CertificateStatusEnumType.failed, "nextUpdate": format_instant(now)}
    return {
        "certificateStatus": [
            {"certificateHashData": each["certificateHashData"], "source": each["source"]} | failed
            for each in asked["certificateStatusRequests"]
        ]
    }


def _unknown_vat(asked: Payload, _: datetime) -> Payload:
    return {"vatNumber": asked["vatNumber"], "status": GenericStatusEnumType.rejected}


EDITION = Edition(
    name="2.1",
    schemas=Schemas("2.1", Action, [STREAM]),
    commands=COMMANDS_21,
    noted={
        **NOTED,
        Action.battery_swap: just({}),
        Action.close_periodic_event_stream: just({}),
        Action.get_certificate_chain_status: _unknown_chain,
        Action.notify_der_alarm: just({}),
        Action.notify_der_start_stop: just({}),
        Action.notify_settlement: just({}),
        Action.notify_web_payment_started: just({}),
        Action.open_periodic_event_stream: just({"status": GenericStatusEnumType.accepted}),
        Action.report_der_control: just({}),
        Action.vat_number_validation: _unknown_vat,
    },
    leases=Leases21,
    authorization=authorization,
    unanswered=frozenset({STREAM}),
    of_battery=(MeasurandEnumType.display_battery_energy_capacity,),
)
