"""A charging station of OCPP 2.x.

`profile`, `profiles`, `composite`   charging profiles: one, all of them by purpose and stack, what they come to in time
`bay`, `transaction`, `samples`      an EVSE with its car, what is told of its transaction, what its meter says
`model`, `inventory`                 the device model: variables that can be read and set, and those of this station
`point`                              the station as a state machine: what it is told and what it tells, without a socket
`charging`, `running`, `upkeep`      what it answers to the central system's commands
`charger`                            the asyncio shell: boot, heartbeat, meter values, offline queue
`edition`                            where 2.0.1 and 2.1 differ
"""
