"""The fleet ahead: when plugged-in cars leave and what they need, who comes to empty outlets, as quantiles and as scenarios.

`visits`    visits and cars as columns
`kernel`    like visits, by weight: the driver's own, the population's, those with like statements
`features`  what a learner is told of a car: its statement, its driver's habits, what like visits did
`hazard`    the probability that something ends in its next bin, by boosted trees: one model, all quantiles, any condition
`curves`    distributions on a common grid: given what has passed already, mixed, calibrated
`stays`     `StayModel`, which puts these together
`counts`    arrivals by hour with a gamma factor a day
`scenarios` ways the fleet may go, drawn from these for plans that allow for several
"""
