"""The station now, and live."""
