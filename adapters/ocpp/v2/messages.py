"""The messages that OCPP 2.0.1 and 2.1 share and that need no thought: an operator's commands, and what is only kept."""

from collections.abc import Mapping

from ocpp.v201.enums import Action, GenericStatusEnumType, GetCertificateStatusEnumType, Iso15118EVCertificateStatusEnumType

from adapters.ocpp.frames import Payload
from adapters.ocpp.v2.edition import Answer

COMMANDS = frozenset(
    {
        Action.cancel_reservation,
        Action.certificate_signed,
        Action.change_availability,
        Action.clear_cache,
        Action.clear_display_message,
        Action.clear_variable_monitoring,
        Action.cost_updated,
        Action.customer_information,
        Action.data_transfer,
        Action.delete_certificate,
        Action.get_base_report,
        Action.get_charging_profiles,
        Action.get_composite_schedule,
        Action.get_display_messages,
        Action.get_installed_certificate_ids,
        Action.get_local_list_version,
        Action.get_log,
        Action.get_monitoring_report,
        Action.get_report,
        Action.get_transaction_status,
        Action.get_variables,
        Action.install_certificate,
        Action.publish_firmware,
        Action.reserve_now,
        Action.reset,
        Action.send_local_list,
        Action.set_display_message,
        Action.set_monitoring_base,
        Action.set_monitoring_level,
        Action.set_network_profile,
        Action.set_variable_monitoring,
        Action.set_variables,
        Action.trigger_message,
        Action.unlock_connector,
        Action.unpublish_firmware,
        Action.update_firmware,
    }
)
"""What an operator may ask of a charger; setpoints go the way of setpoints."""


def just(payload: Payload) -> Answer:
    """Return what answers anything with `payload`."""
    return lambda _, __: payload


NOTED: Mapping[str, Answer] = {
    Action.cleared_charging_limit: just({}),
    Action.firmware_status_notification: just({}),
    Action.get_15118_ev_certificate: just({"status": Iso15118EVCertificateStatusEnumType.failed, "exiResponse": ""}),
    Action.get_certificate_status: just({"status": GetCertificateStatusEnumType.failed}),
    Action.log_status_notification: just({}),
    Action.notify_charging_limit: just({}),
    Action.notify_customer_information: just({}),
    Action.notify_display_messages: just({}),
    Action.notify_ev_charging_schedule: just({"status": GenericStatusEnumType.accepted}),
    Action.notify_monitoring_report: just({}),
    Action.notify_report: just({}),
    Action.publish_firmware_status_notification: just({}),
    Action.reservation_status_update: just({}),
    Action.security_event_notification: just({}),
    Action.sign_certificate: just({"status": GenericStatusEnumType.rejected}),
}
"""What chargers tell and we only keep. There is no certificate authority here: what asks for one is kept and refused."""
