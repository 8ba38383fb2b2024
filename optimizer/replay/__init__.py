"""What a plan is worth, term by term, straight from the problem's definition: no Pyomo, no solver."""
