"""Integers, lazily: only where the linear relaxation's answer breaks what hardware can do, and only near now.

A file each for what must be chosen (`choice.Choice`): either–or pairs and rests, least powers, whole steps, whole modules, whole
blocks. `lazily` rounds what is broken, which often costs nothing, else lets a small mixed-integer program (`mip`) decide, and
solves the linear program again within what was decided: tiers, the price of moving and ties are exact in what is left.
"""
