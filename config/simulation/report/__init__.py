"""The report of simulations for engineers: one self-contained page, words first, then plots, then tables.

`page` puts it together; `table` has the figures by case, `timeline` power, state of charge and prices on one axis, `response` what
cars draw at which price, `sessions` each stay at its outlet, `wear` what batteries went through.
"""
