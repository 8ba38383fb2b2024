"""Discovery messages against what Home Assistant documents of its MQTT integration."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.mqtt.discovery import discovery, discovery_filter
from adapters.mqtt.shown import OUTLET_STATES, shown_outlet, shown_site
from adapters.mqtt.topics import Topics
from tests.adapters.mqtt.support import NOW, a_site
from v2g.observation import EvseState, Observation, Reading
from v2g.session import ChargingSession

jinja2 = pytest.importorskip("jinja2", reason="templates are rendered as Home Assistant does")
TOPIC = re.compile(r"homeassistant/device/[a-zA-Z0-9_-]+/[a-zA-Z0-9_-]+/config")
DEVICE_FIELDS = {"identifiers", "connections", "configuration_url", "hw_version", "manufacturer", "model", "model_id", "name",
                 "serial_number", "suggested_area", "sw_version", "via_device"}  # fmt: skip
ROOT_FIELDS = {"device", "origin", "components", "availability", "availability_mode", "availability_topic", "payload_available",
               "payload_not_available", "availability_template", "state_topic", "command_topic", "qos", "encoding"}  # fmt: skip
ENTITY_FIELDS = {"platform", "unique_id", "name", "device_class", "value_template", "expire_after", "force_update", "icon",
                 "entity_category", "enabled_by_default"}  # fmt: skip
FIELDS_OF = {
    "sensor": ENTITY_FIELDS | {"unit_of_measurement", "state_class", "options", "suggested_display_precision"},
    "binary_sensor": ENTITY_FIELDS | {"payload_on", "payload_off", "off_delay"},
}
UNITS_OF = {"power": {"W", "kW", "MW"}, "battery": {"%"}}
SITE = a_site("S.1")
TOPICS = Topics("S.1")
MESSAGES = dict(discovery(SITE, TOPICS))
COMPONENTS = [(topic, key) for topic, message in MESSAGES.items() for key in message["components"]]


def test_there_is_one_device_for_the_site_and_one_for_each_outlet_of_any_protocol() -> None:
    assert list(MESSAGES) == [
        "homeassistant/device/v2g-S_2e1/site/config",
        *(f"homeassistant/device/v2g-S_2e1/outlet-{evse_id}/config" for evse_id in "AOBC"),
    ]
    assert discovery_filter("S.1") == "homeassistant/device/v2g-S_2e1/+/config"


@pytest.mark.parametrize("topic", MESSAGES)
def test_a_message_has_the_fields_that_home_assistant_documents(topic: str) -> None:
    message = json.loads(json.dumps(MESSAGES[topic]))
    assert TOPIC.fullmatch(topic)
    assert message.keys() <= ROOT_FIELDS
    assert {"device", "origin", "components"} <= message.keys()
    assert message["device"].keys() <= DEVICE_FIELDS
    assert message["device"]["identifiers"]
    assert message["origin"].keys() <= {"name", "sw_version", "support_url"}
    assert message["origin"]["name"]
    assert message["qos"] in (0, 1, 2)
    for way in message["availability"]:
        assert way.keys() <= {"topic", "payload_available", "payload_not_available", "value_template"}
    for component in message["components"].values():
        assert {"platform", "unique_id", "name"} <= component.keys() <= FIELDS_OF[component["platform"]]


@pytest.mark.parametrize(("topic", "key"), COMPONENTS)
def test_classes_fit_their_units_and_an_enumeration_has_neither_unit_nor_statistics(topic: str, key: str) -> None:
    component = MESSAGES[topic]["components"][key]
    device_class = component.get("device_class")
    if device_class in UNITS_OF:
        assert component["unit_of_measurement"] in UNITS_OF[device_class]
    if device_class == "enum":
        assert set(component["options"]) == set(OUTLET_STATES)
        assert not component.keys() & {"unit_of_measurement", "state_class"}
    if "state_class" in component:
        assert component["state_class"] == "measurement"


def test_every_entity_has_a_name_of_its_own_and_outlets_hang_on_the_site() -> None:
    ids = [component["unique_id"] for message in MESSAGES.values() for component in message["components"].values()]
    assert len(set(ids)) == len(ids)
    site, *outlets = MESSAGES.values()
    assert {message["device"]["via_device"] for message in outlets} == set(site["device"]["identifiers"])


def rendered(template: str, value: Any) -> str:
    return str(jinja2.Environment(autoescape=True).from_string(template).render(value_json=json.loads(json.dumps(value))))


def values(message: dict[str, Any], value: Any) -> dict[str, str]:
    return {key: rendered(component["value_template"], value) for key, component in message["components"].items()}


def test_templates_give_the_values_of_what_is_shown() -> None:
    site, outlet = list(MESSAGES.values())[:2]
    car = ChargingSession(session_id="s", evse_id="A", plugged_in_at=NOW, soc_frac=0.567)
    state = EvseState(evse_id="A", online=True, session=car, power_kw=Reading(value=-4.2, at=NOW), acknowledged_kw=-5.0)
    assert values(outlet, shown_outlet(state)) == {
        "power_kw": "-4.2", "setpoint_kw": "-5.0", "soc": "57.0", "state": "discharging", "fault": "OFF",
    }  # fmt: skip
    nothing = shown_outlet(EvseState(evse_id="A", online=True, fault="fan"))
    assert values(outlet, nothing) == {"power_kw": "None", "setpoint_kw": "None", "soc": "None", "state": "fault", "fault": "ON"}
    shown = shown_site(Observation(at=NOW, evses=(state,), site_power_kw=Reading(value=12.0, at=NOW)), None)
    assert values(site, shown) | {"cars": "1", "import_kw": "12.0", "price": "None"} == values(site, shown)
    for online in (True, False):
        assert rendered(site["availability"][0]["value_template"], {"online": online}) == ("online" if online else "offline")


@given(st.lists(st.from_regex(r"[A-Za-z0-9_.-]{1,6}", fullmatch=True), min_size=2, max_size=2, unique=True))
def test_different_sites_never_share_a_topic(names: list[str]) -> None:
    one, two = (set(dict(discovery(a_site(name), Topics(name)))) for name in names)
    assert not one & two
    assert all(TOPIC.fullmatch(topic) for topic in one | two)
