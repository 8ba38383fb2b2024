"""A term of the objective."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from v2g.solution import Tier


def _nothing(_: Any) -> None:
    """Define nothing: the term needs no variables of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One term: `expr(m)` is its linear expression in `unit`, minimised in `tier`.

    `define(m)` adds the variables and rows the term needs. `weight` ranks terms of different units inside one tier.
    """

    name: str
    tier: Tier
    unit: str
    expr: Callable[[Any], Any]
    define: Callable[[Any], None] = _nothing
    weight: float = 1.0
