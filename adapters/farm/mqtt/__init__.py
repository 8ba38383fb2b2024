"""The farm's own MQTT devices, written from docs/mqtt.md and apart from the daemon's side."""
