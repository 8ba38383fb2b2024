"""A template: the rows, columns and coefficients of one representative unit and of the site, as functions of the data.

Layout for n units: first every unit's columns, unit by unit, then the site's; rows alike. What a site row says of the
representative unit holds for each unit: its coefficients are stamped once per unit into the same row.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pyomo.environ as pyo
from pyomo.repn import generate_standard_repn

from optimizer.compiled.formula import Formula, Positions, read
from optimizer.model.build import TERMS, build_model
from optimizer.model.structure import Structure


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One variable or constraint: where its entries stand among those of a unit (`per_unit`) or of the site.

    `shape` leaves the units out; its last axis is time where `over_time` says so.
    """

    per_unit: bool
    over_time: bool
    start: int
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """Number of entries."""
        return int(np.prod(self.shape, dtype=np.int64))


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """The blocks of all variables (or constraints), and how many entries a unit and the site have."""

    blocks: dict[str, Block]
    per_unit: int
    per_site: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """Coefficients of one shape: formula, row and column of each (size,), and whether these count per unit."""

    formula: Formula
    rows: Positions
    row_per_unit: bool
    cols: Positions
    col_per_unit: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Vector:
    """A vector over rows or columns in pieces of one shape: (formula, positions, per unit)."""

    parts: tuple[tuple[Formula, Positions, bool], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """What numpy needs to write the linear program of any number of units. `costs` has a vector for each term in use."""

    structure: Structure
    columns: Space
    rows: Space
    entries: tuple[Entries, ...]
    column_lower: Vector
    column_upper: Vector
    row_lower: Vector
    row_upper: Vector
    costs: dict[str, Vector]


@lru_cache(maxsize=32)
def compile_template(structure: Structure) -> Template:
    """Return the template of a structure; compiled once, then remembered."""
    model = build_model(structure, n_units=1)
    return _Compiler(model).template()


class _Compiler:
    """Walks the expressions of a one-unit model once."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.columns, self.column_at = _space(model, pyo.Var)
        self.rows, self.row_at = _space(model, pyo.Constraint)
        _, symbol_at = _space(model, pyo.Param)
        self.symbol_at = {key: place - block.start for key, (block, place) in symbol_at.items()}

    def template(self) -> Template:
        entries: list[tuple[Any, tuple[int, bool, int, bool]]] = []
        lower: list[tuple[Any, tuple[int, bool]]] = []
        upper: list[tuple[Any, tuple[int, bool]]] = []
        for row in self.model.component_data_objects(pyo.Constraint):
            block, place = self.row_at[id(row)]
            repn = _linear(row.body)
            for variable, coefficient in zip(repn.linear_vars, repn.linear_coefs, strict=True):
                column_block, column = self.column_at[id(variable)]
                entries.append((coefficient, (place, block.per_unit, column, column_block.per_unit)))
            lower.append((_or(row.lower, -np.inf) - repn.constant, (place, block.per_unit)))
            upper.append((_or(row.upper, np.inf) - repn.constant, (place, block.per_unit)))
        costs = {term.name: self._cost(self.model.terms[term.name]) for term in TERMS}
        bounds = [(v, self.column_at[id(v)]) for v in self.model.component_data_objects(pyo.Var)]
        return Template(
            structure=self.model.structure,
            columns=self.columns,
            rows=self.rows,
            entries=tuple(self._entries(entries)),
            column_lower=self._vector((_or(v.lower, -np.inf), (place, b.per_unit)) for v, (b, place) in bounds),
            column_upper=self._vector((_or(v.upper, np.inf), (place, b.per_unit)) for v, (b, place) in bounds),
            row_lower=self._vector(lower),
            row_upper=self._vector(upper),
            costs={name: cost for name, cost in costs.items() if cost.parts},
        )

    def _cost(self, expression: Any) -> Vector:
        repn = _linear(expression)
        if pyo.value(repn.constant):
            raise TypeError(f"a term has no constant, but {expression}")
        places = [self.column_at[id(variable)] for variable in repn.linear_vars]
        return self._vector((c, (p, b.per_unit)) for c, (b, p) in zip(repn.linear_coefs, places, strict=True))

    def _vector(self, items: Iterable[tuple[Any, tuple[int, bool]]]) -> Vector:
        grouped = self._group((expression, (place,), (per_unit,)) for expression, (place, per_unit) in items)
        return Vector(parts=tuple((formula, places[0], kind[0]) for formula, places, kind in grouped))

    def _entries(self, items: Iterable[tuple[Any, tuple[int, bool, int, bool]]]) -> Iterable[Entries]:
        grouped = self._group((e, (row, column), (row_unit, column_unit)) for e, (row, row_unit, column, column_unit) in items)
        for formula, places, (row_unit, column_unit) in grouped:
            yield Entries(formula=formula, rows=places[0], row_per_unit=row_unit, cols=places[1], col_per_unit=column_unit)

    def _group(self, items: Iterable[tuple[Any, tuple[int, ...], tuple[bool, ...]]]) -> list[tuple[Formula, list[Positions], Any]]:
        """Gather expressions of one shape, one set of symbols and one kind of place into a formula each."""
        groups: dict[Any, list[tuple[tuple[int, ...], tuple[int, ...]]]] = defaultdict(list)
        for expression, places, kind in items:
            shape, leaves = read(expression, self.symbol_at)
            groups[shape, tuple(name for name, _ in leaves), kind].append((tuple(p for _, p in leaves), places))
        result = []
        for (shape, names, kind), members in groups.items():
            symbols_at = np.array([at for at, _ in members], dtype=np.int64).reshape(len(members), len(names))
            stands_at = np.array([at for _, at in members], dtype=np.int64)
            gathers = tuple((name, symbols_at[:, i]) for i, name in enumerate(names))
            result.append((Formula(shape=shape, leaves=gathers, size=len(members)), list(stands_at.T), kind))
        return result


def _space(model: Any, kind: Any) -> tuple[Space, dict[int, tuple[Block, int]]]:
    """Lay out all components of a kind; return the space and, by the id of each entry, its block and place."""
    blocks: dict[str, Block] = {}
    place_of: dict[int, tuple[Block, int]] = {}
    count = {True: 0, False: 0}
    for component in model.component_objects(kind):
        sets = list(component.index_set().subsets()) if component.is_indexed() else []
        per_unit = bool(sets) and sets[0] is model.U
        shape = tuple(len(s) for s in sets[per_unit:])
        over_time = bool(sets) and any(sets[-1] is steps for steps in (model.T, model.S, model.H))
        block = Block(per_unit=per_unit, over_time=over_time, start=count[per_unit], shape=shape)
        blocks[component.local_name] = block
        place_of.update((id(entry), (block, block.start + i)) for i, entry in enumerate(component.values()))
        count[per_unit] += block.size
    return Space(blocks=blocks, per_unit=count[True], per_site=count[False]), place_of


def _linear(expression: Any) -> Any:
    repn = generate_standard_repn(expression, compute_values=False)
    if not repn.is_linear():
        raise TypeError(f"the model is linear, but not {expression}")
    return repn


def _or(bound: Any, default: float) -> Any:
    return default if bound is None else bound
