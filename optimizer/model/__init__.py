"""The optimisation model in Pyomo: one component or one objective term a file. It is authored here and only here.

The same rules build the model of all units (the reference in the tests) and of one representative unit (what
`optimizer.compiled` turns into a template for numpy to stamp).
"""
