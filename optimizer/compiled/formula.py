"""Coefficients as functions of the data: many Pyomo expressions of one shape become one numpy expression."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyomo.core.base.param import ParamData
from pyomo.core.expr import numeric_expr as ne

from v2g.timegrid import Array

Flat = Mapping[str, Array]
Positions = NDArray[np.int64]
Leaf = tuple[str, int]
Shape = tuple[Any, ...]

ZERO: tuple[Shape, tuple[Leaf, ...]] = (("number", 0.0), ())
_OPERATIONS = {
    ne.NPV_ProductExpression: "×",
    ne.NPV_DivisionExpression: "÷",
    ne.NPV_NegationExpression: "−",
    ne.NPV_SumExpression: "+",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """`size` coefficients of one shape; leaf i stands for the symbol and the positions in ``leaves[i]``, each (size,)."""

    shape: Shape
    leaves: tuple[tuple[str, Positions], ...]
    size: int

    def values(self, flat: Flat) -> Array:
        """Return the coefficients, (n_units, size), or (1, size) where no symbol of theirs is per unit."""
        arrays = iter([flat[name][:, positions] for name, positions in self.leaves])
        return np.broadcast_to(_evaluate(self.shape, arrays), (1, self.size)) if not self.leaves else _evaluate(self.shape, arrays)


def read(expression: Any, position: Mapping[int, int]) -> tuple[Shape, tuple[Leaf, ...]]:
    """Return the expression's shape and its leaves from left to right; `position` maps the id of a `ParamData` to its place.

    Zeros that Pyomo leaves standing are dropped. Raises `TypeError` on an operation that is not one of + − × ÷.
    """
    if isinstance(expression, ParamData):
        return ("symbol",), ((expression.parent_component().name, position[id(expression)]),)
    if not hasattr(expression, "args"):
        return ("number", float(expression)), ()
    operation = _OPERATIONS.get(type(expression))
    if operation is None:
        raise TypeError(f"coefficients are made of + − × ÷, not {type(expression).__name__}: {expression}")
    parts = [read(argument, position) for argument in expression.args]
    if operation == "×" and ZERO in parts:
        return ZERO
    if operation in "+−":
        parts = [part for part in parts if part != ZERO]
    if not parts:
        return ZERO
    return (operation, *(shape for shape, _ in parts)), tuple(leaf for _, leaves in parts for leaf in leaves)


def _evaluate(shape: Shape, leaves: Iterator[Array]) -> Any:
    """Evaluate a shape on arrays, one a leaf, taken from left to right."""
    match shape:
        case ("symbol",):
            return next(leaves)
        case ("number", number):
            return number
        case ("−", part):
            return -_evaluate(part, leaves)
        case ("×", left, right):
            return _evaluate(left, leaves) * _evaluate(right, leaves)
        case ("÷", left, right):
            return _evaluate(left, leaves) / _evaluate(right, leaves)
        case (_, *parts):
            return sum(_evaluate(part, leaves) for part in parts)
