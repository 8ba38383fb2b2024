"""Prices down, answers up: large fleets by price decomposition, with a certified gap. See docs/fleet.md.

`split` tells which units answer prices; `places` where they hang; `cars`, `kernel` and `answers` are their best answers to a
price curve; `site` and `master` are the site, `bound` its part of the lower bound; `relaxation` is where the search for prices
starts, `sweeps` are answers in turns, `converge` is the search; `settle` makes what is sent holdable, `rest` plans the other units
beside it; `certificate` says how good it is, `shadow` what each bound is worth; `planner` does all of it behind the planner's port.
"""
