"""Simulated charge points on OCPP; they share nothing with the central system's side.

`wire`, `link`, `outbox`   a connection that is kept, the frames on it, what waits to be sent: any version
`v16`                      an OCPP 1.6J charge point
`v201`                     an OCPP 2.0.1 charging station, which is also the ground on which 2.1 stands
`v21`                      what 2.1 adds: reverse discharge, dynamic schedules, priority charging, grid codes
"""
