"""The simulated charger farm.

`physics`, `fleet`     batteries as arrays: losses, taper, minimum, ramp, wake-up
`visit`, `cars`        who comes with which car; made up by habit (`arrivals`) or from real sessions (`replay`)
`yard`                 lets cars come, charge and go under a control: `leases`, or the guard of `uncontrolled`
`ledger`, `outcome`    the independent truth, and what it costs
`virtual`              all of it in process, on a virtual clock: fills the gateway port
`live`, `ocpp`, `mqtt` all of it on the wire: charge points and devices that share no code with the daemon's adapters
"""
