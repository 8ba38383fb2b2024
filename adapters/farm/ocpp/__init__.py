"""Simulated charge points on OCPP; they share nothing with the central system's side.

`wire`, `link`, `outbox`, `schemas`   a connection that is kept, the frames on it, what waits to be sent: any version
`v16`                                 an OCPP 1.6J charge point
`v2`                                  a charging station of OCPP 2.x, whichever edition it speaks
`v201`, `v21`                         the editions; 2.1 adds reverse discharge, dynamic schedules, priority charging, grid codes
"""
