"""How many messages came and went, by protocol: counted where they pass, read by the metrics page."""

from prometheus_client import CollectorRegistry, Counter

TRAFFIC = CollectorRegistry()
_MESSAGES = Counter("v2g_messages", "Messages by protocol and direction", ["protocol", "direction"], registry=TRAFFIC)

OCPP_IN, OCPP_OUT = _MESSAGES.labels("ocpp", "in"), _MESSAGES.labels("ocpp", "out")
MQTT_IN, MQTT_OUT = _MESSAGES.labels("mqtt", "in"), _MESSAGES.labels("mqtt", "out")
