"""How Home Assistant finds the station: one discovery message for the site and one for each outlet.

Source: Home Assistant, MQTT integration, "Device discovery payload"; MQTT sensor and binary sensor, "Configuration variables".
"""

import re
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

from adapters.mqtt.shown import OUTLET_STATES
from adapters.mqtt.topics import Topics
from v2g.site import Evse, Site

PREFIX = "homeassistant/device"
MAKER = "v2g-scheduler"
SITE_SENSORS = {
    "import_kw": "Grid power",
    "load_kw": "Building load",
    "pv_kw": "PV production",
    "charge_kw": "Charging",
    "discharge_kw": "Discharging",
    "battery_kw": "Battery power",
    "import_limit_kw": "Grid limit",
}


def discovery_filter(site_id: str) -> str:
    """Return the filter of all discovery messages that this station ever sent."""
    return f"{PREFIX}/{_node(site_id)}/+/config"


def discovery(site: Site, topics: Topics) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each discovery message with its topic; retained, it stays until an empty one takes its place."""
    node = _node(site.site_id)
    yield f"{PREFIX}/{node}/site/config", _site_message(site, topics)
    for evse in site.evses:
        yield f"{PREFIX}/{node}/outlet-{_plain(evse.evse_id)}/config", _outlet_message(site, evse, topics)


def _site_message(site: Site, topics: Topics) -> dict[str, Any]:
    name = f"{MAKER}-{site.site_id}"
    powers = {key: _power(key, label) for key, label in SITE_SENSORS.items()}
    cars = {"platform": "sensor", "name": "Cars", "state_class": "measurement", "value_template": _value("cars")}
    price = {
        "platform": "sensor",
        "name": "Energy price",
        "unit_of_measurement": f"{site.currency}/kWh",
        "state_class": "measurement",
        "value_template": _value("price_per_kwh"),
    }
    device = {"identifiers": [name], "name": site.name or site.site_id, "manufacturer": MAKER, "model": "Charging station"}
    return _message(device, powers | {"cars": cars, "price": price}, topics.shown_site, topics)


def _outlet_message(site: Site, evse: Evse, topics: Topics) -> dict[str, Any]:
    site_name = f"{MAKER}-{site.site_id}"
    components = {
        "power_kw": _power("power_kw", "Power"),
        "setpoint_kw": _power("setpoint_kw", "Setpoint"),
        "soc": {
            "platform": "sensor",
            "name": "State of charge",
            "device_class": "battery",
            "unit_of_measurement": "%",
            "state_class": "measurement",
            "value_template": "{{ None if value_json.soc_frac is none else (100 * value_json.soc_frac) | round(0) }}",
        },
        "state": {
            "platform": "sensor",
            "name": "State",
            "device_class": "enum",
            "options": list(OUTLET_STATES),
            "value_template": _value("state"),
        },
        "fault": {
            "platform": "binary_sensor",
            "name": "Fault",
            "device_class": "problem",
            "value_template": "{{ 'ON' if value_json.fault else 'OFF' }}",
        },
    }
    device = {
        "identifiers": [f"{site_name}/{evse.evse_id}"],
        "name": f"Charger {evse.evse_id}",
        "manufacturer": MAKER,
        "model": f"{evse.charge_max_kw:g} kW, {evse.protocol}",
        "via_device": site_name,
    }
    return _message(device, components, topics.shown_outlet(evse.evse_id), topics)


def _message(device: dict[str, Any], components: dict[str, dict[str, Any]], state_topic: str, topics: Topics) -> dict[str, Any]:
    (name,) = device["identifiers"]
    online = "{{ 'online' if value_json.online else 'offline' }}"
    return {
        "device": device,
        "origin": {"name": MAKER, "sw_version": version(MAKER)},
        "availability": [{"topic": topics.daemon_status, "value_template": online}],
        "state_topic": state_topic,
        "qos": 1,
        "components": {key: {**it, "unique_id": f"{name}/{key}"} for key, it in components.items()},
    }


def _power(key: str, label: str) -> dict[str, Any]:
    return {
        "platform": "sensor",
        "name": label,
        "device_class": "power",
        "unit_of_measurement": "kW",
        "state_class": "measurement",
        "suggested_display_precision": 1,
        "value_template": _value(key),
    }


def _value(key: str) -> str:
    return f"{{{{ value_json.{key} }}}}"


def _node(site_id: str) -> str:
    return f"v2g-{_plain(site_id)}"


def _plain(name: str) -> str:
    """Return `name` in the letters that discovery topics may have; different names stay different."""
    return re.sub(r"[^A-Za-z0-9-]", lambda found: f"_{ord(found[0]):02x}", name)
