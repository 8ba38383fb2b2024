"""OCPP 2.1: reverse discharge, dynamic schedules, priority charging, grid codes."""
