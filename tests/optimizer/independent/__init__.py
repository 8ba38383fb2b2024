"""An independent formulation of the whole problem, written from the definitions in `v2g`: every slack and every binary present.

Dense rows by hand, no Pyomo, no template; of `optimizer` only two constants that say how shortages are shared. Tiers are solved
strictly in turn. For tiny problems only.
"""
