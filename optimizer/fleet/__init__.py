"""Prices down, answers up: large fleets by price decomposition, with a certified gap. See docs/fleet.md.

`split` tells which units answer prices; `places` where they hang; `cars`, `kernel` and `answers` are their best answers to a price
curve; `master` is the site; `converge` finds the prices; `settle` makes what is sent holdable; `certificate` says how good it is;
`planner` does all of it behind the planner's port.
"""
