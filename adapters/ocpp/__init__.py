"""The OCPP central system."""
