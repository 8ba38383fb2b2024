"""Chargers and meters over MQTT."""
