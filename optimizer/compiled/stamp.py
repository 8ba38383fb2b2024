"""A template written out for n units: numpy arrays of a linear program, patched tick by tick."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from optimizer.compiled.formula import Flat, Positions
from optimizer.compiled.template import Space, Template, Vector
from optimizer.model.symbols import per_unit
from v2g.timegrid import Array

Index = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Program:
    """min Σ costs·x subject to row_lower ≤ A·x ≤ row_upper and col_lower ≤ x ≤ col_upper.

    `values` are A's coefficients at the stamp's rows and columns, zeros included; `costs` has one vector for each term
    in use, which the caller weighs.
    """

    stamp: "Stamp"
    values: Array
    row_lower: Array
    row_upper: Array
    col_lower: Array
    col_upper: Array
    costs: dict[str, Array]


class Stamp:
    """Where each coefficient of `template` stands in the program of `n_units` units.

    `site_course` (n_cols,) is True at the site's own columns over time.
    """

    def __init__(self, template: Template, n_units: int) -> None:
        self.template, self.n_units = template, n_units
        self.n_cols = _length(template.columns, n_units)
        self.n_rows = _length(template.rows, n_units)
        rows, cols = [], []
        for e in template.entries:
            row, col = (
                _places(template.rows, e.rows, e.row_per_unit, n_units),
                _places(template.columns, e.cols, e.col_per_unit, n_units),
            )
            row, col = np.broadcast_arrays(row, col)
            rows.append(row.ravel())
            cols.append(col.ravel())
        self.site_course = _site_course(template.columns, n_units)
        self.rows: Index = np.concatenate(rows)
        self.cols: Index = np.concatenate(cols)
        self.matrix_symbols = tuple(sorted({name for e in template.entries for name, _ in e.formula.leaves}))
        self._matrix_data: dict[str, Array] | None = None
        self._values: Array = np.empty(0)

    def program(self, data: Mapping[str, Array]) -> Program:
        """Return the program for `data` (symbol → array of its natural shape).

        Coefficients are computed again only if a symbol in them changed; if none did, `Program.values` is the same object.
        """
        flat = {name: _flatten(value, by_unit=per_unit(name)) for name, value in data.items()}
        template = self.template
        return Program(
            stamp=self,
            values=self._matrix_values(data, flat),
            row_lower=self._fill(template.row_lower, template.rows, flat),
            row_upper=self._fill(template.row_upper, template.rows, flat),
            col_lower=self._fill(template.column_lower, template.columns, flat),
            col_upper=self._fill(template.column_upper, template.columns, flat),
            costs={name: self._fill(vector, template.columns, flat) for name, vector in template.costs.items()},
        )

    def columns_of(self, name: str) -> Index:
        """Return the columns of a variable, shaped like it: (n_units, …) or (…)."""
        block = self.template.columns.blocks[name]
        places = _places(self.template.columns, block.start + np.arange(block.size), block.per_unit, self.n_units)
        return places.reshape((self.n_units, *block.shape) if block.per_unit else block.shape)

    def rows_of(self, name: str) -> Index:
        """Return the rows of a constraint, shaped like it."""
        block = self.template.rows.blocks[name]
        places = _places(self.template.rows, block.start + np.arange(block.size), block.per_unit, self.n_units)
        return places.reshape((self.n_units, *block.shape) if block.per_unit else block.shape)

    def _matrix_values(self, data: Mapping[str, Array], flat: Flat) -> Array:
        now = {name: data[name] for name in self.matrix_symbols}
        last = self._matrix_data
        if last is not None and all(np.array_equal(now[name], last[name]) for name in now):
            return self._values
        parts = []
        for e in self.template.entries:
            by_unit = e.row_per_unit or e.col_per_unit
            parts.append(np.broadcast_to(e.formula.values(flat), (self.n_units if by_unit else 1, e.formula.size)).ravel())
        self._matrix_data, self._values = {name: value.copy() for name, value in now.items()}, np.concatenate(parts)
        return self._values

    def _fill(self, vector: Vector, space: Space, flat: Flat) -> Array:
        units, site = np.zeros((self.n_units, space.per_unit)), np.zeros((1, space.per_site))
        for formula, positions, by_unit in vector.parts:
            (units if by_unit else site)[:, positions] = formula.values(flat)
        return np.concatenate([units.ravel(), site.ravel()])


def _flatten(value: Array, *, by_unit: bool) -> Array:
    return value.reshape(len(value), prod(value.shape[1:])) if by_unit else value.reshape(1, value.size)


def _length(space: Space, n_units: int) -> int:
    return n_units * space.per_unit + space.per_site


def _site_course(space: Space, n_units: int) -> NDArray[np.bool_]:
    mask = np.zeros(_length(space, n_units), dtype=bool)
    for block in space.blocks.values():
        if block.over_time and not block.per_unit:
            mask[n_units * space.per_unit + block.start :][: block.size] = True
    return mask


def _places(space: Space, positions: Positions, by_unit: bool, n_units: int) -> Index:
    """Return the global places of the local `positions`: (n_units, size) of units, (1, size) of the site."""
    if by_unit:
        return np.arange(n_units)[:, None] * space.per_unit + positions[None, :]
    return n_units * space.per_unit + positions[None, :]
