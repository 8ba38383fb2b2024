"""Pyomo's expressions turned once into a template, which numpy fills for all units and patches every tick.

Measured: building and translating the full Pyomo model takes ten times as long as HiGHS takes to solve it; the template of one
unit is compiled in a fraction of a second, once per structure, and filling it costs milliseconds.
"""
