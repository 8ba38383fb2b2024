"""OCPP 2.1.

`needs`      what a bidirectional car says of itself
`transfer`   who may give back, and whose charging goes first
`dynamic`    schedules whose values are pushed or pulled
`der`        grid codes of distributed energy resources: kept, and the cap on discharge obeyed
`edition`    all of it on the ground of 2.x
"""
