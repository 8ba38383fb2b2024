"""An OCPP 1.6J charge point."""
