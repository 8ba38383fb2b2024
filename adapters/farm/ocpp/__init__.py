"""The farm's own OCPP 1.6J charge-point side, written from the specification and apart from the central system."""
