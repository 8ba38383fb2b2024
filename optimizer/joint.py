"""Several programs as one, side by side, and rows that make the first step of each storage the same in all of them.

    charge_kw[u,0] of course 0 = charge_kw[u,0] of course i,   discharge_kw[u,0] alike        (u in course 0, i = 1..)

Source: the deterministic equivalent of a two-stage stochastic program with non-anticipativity written out, e.g. Birge and
Louveaux (2011), "Introduction to Stochastic Programming", §2.4 and §3.6.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from scipy.sparse import block_diag, csc_array, vstack

from optimizer.compiled.reduce import Pattern, Reduced
from optimizer.compiled.stamp import Index, Program
from optimizer.highs import Answer
from v2g.problem import Problem
from v2g.timegrid import Array

FIRST_STEP = ("charge_kw", "discharge_kw")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Course:
    """One of the programs: its probability, the problem it stands for, and what is left of it to be solved."""

    probability: float
    problem: Problem
    program: Program
    reduced: Reduced


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Joint:
    """The courses and their one program: columns and rows course by course, then the rows that link first steps."""

    courses: tuple[Course, ...]
    reduced: Reduced

    @property
    def n_links(self) -> int:
        """Number of rows that link first steps."""
        return len(self.reduced.row_lower) - sum(len(c.reduced.row_lower) for c in self.courses)

    def spans(self) -> tuple[tuple[slice, slice], ...]:
        """Return where each course's columns and rows stand."""
        cols, rows = (pairwise(_bounds(self.courses, axis).tolist()) for axis in (1, 0))
        return tuple((slice(*c), slice(*r)) for c, r in zip(cols, rows, strict=True))

    def split(self, answer: Answer) -> tuple[Answer, ...]:
        """Return each course's part of an answer; duals are weighted by the course's probability."""
        return tuple(
            replace(answer, values=answer.values[c], column_dual=answer.column_dual[c], row_dual=answer.row_dual[r])
            for c, r in self.spans()
        )

    def weighted_problems(self) -> tuple[tuple[float, Problem], ...]:
        """Return each course's probability and problem."""
        return tuple((c.probability, c.problem) for c in self.courses)

    def term_costs(self) -> dict[str, Array]:
        """Return the expected cost of every term, over the joint program's columns."""
        names = self.courses[0].program.costs
        return {
            name: np.concatenate([c.probability * c.program.costs[name][c.reduced.pattern.cols] for c in self.courses])
            for name in names
        }


def join(courses: Sequence[Course], last: Joint | None) -> Joint:
    """Return the joint program; it keeps the pattern of `last` where no course and no link has changed its own."""
    links = _links(courses)
    reduced = [c.reduced for c in courses]
    pattern = None if last is None else last.reduced.pattern
    if last is None or pattern is None or not _same(courses, last, links, pattern):
        pattern = _pattern(courses, links)
    return Joint(
        courses=tuple(courses),
        reduced=Reduced(
            pattern=pattern,
            base=np.concatenate([r.base for r in reduced]),
            row_lower=np.concatenate([*(r.row_lower for r in reduced), links.side]),
            row_upper=np.concatenate([*(r.row_upper for r in reduced), links.side]),
            col_lower=np.concatenate([r.col_lower for r in reduced]),
            col_upper=np.concatenate([r.col_upper for r in reduced]),
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Links:
    """Rows over the joint program's columns: `matrix` (k, n_cols) times them equals `side` (k,)."""

    matrix: csc_array
    side: Array


def _links(courses: Sequence[Course]) -> _Links:
    """Return a row for each first-step power that at least one of the two courses it links still has to decide."""
    begins = _bounds(courses, 1)
    n, first = courses[0].problem.shape[0], courses[0]
    here = _first_columns(first, n)
    ours, our_base = _places(first, here), first.reduced.base[here]
    rows, cols, values, sides = [], [], [], [np.empty(0)]
    count = 0
    for begin, other in zip(begins[1:-1], courses[1:], strict=True):
        there = _first_columns(other, n)
        theirs = _places(other, there)
        open_ = (ours >= 0) | (theirs >= 0)
        row = count + np.cumsum(open_) - 1
        for places, offset, sign in ((ours, 0, 1.0), (theirs, begin, -1.0)):
            used = places >= 0
            rows.append(row[used])
            cols.append(places[used] + offset)
            values.append(np.full(int(used.sum()), sign))
        sides.append((other.reduced.base[there] - our_base)[open_])
        count += int(open_.sum())
    entries = (np.concatenate(values), (np.concatenate(rows), np.concatenate(cols)))
    return _Links(matrix=csc_array(entries, shape=(count, begins[-1])), side=np.concatenate(sides))


def _first_columns(course: Course, n_units: int) -> Index:
    """Return the columns of the first step's powers of the first `n_units` storages, (2·n_units,)."""
    return np.concatenate([course.program.stamp.columns_of(name)[:n_units, 0] for name in FIRST_STEP])


def _places(course: Course, columns: Index) -> Index:
    """Return where columns of a program stand among those that are left, −1 where they are decided."""
    place = np.full(course.program.stamp.n_cols, -1, dtype=np.int64)
    place[course.reduced.pattern.cols] = np.arange(len(course.reduced.pattern.cols))
    return place[columns]


def _pattern(courses: Sequence[Course], links: _Links) -> Pattern:
    patterns = [c.reduced.pattern for c in courses]
    col_offsets = np.cumsum([0, *(c.program.stamp.n_cols for c in courses)])
    row_offsets = np.cumsum([0, *(c.program.stamp.n_rows for c in courses)])
    linking = row_offsets[-1] + np.arange(len(links.side))
    return Pattern(
        cols=np.concatenate([p.cols + offset for p, offset in zip(patterns, col_offsets[:-1], strict=True)]),
        rows=np.concatenate([*(p.rows + offset for p, offset in zip(patterns, row_offsets[:-1], strict=True)), linking]),
        matrix=csc_array(vstack([block_diag([p.matrix for p in patterns]), links.matrix])),
        fixed_matrix=csc_array(block_diag([p.fixed_matrix for p in patterns])),
    )


def _same(courses: Sequence[Course], last: Joint, links: _Links, pattern: Pattern) -> bool:
    """Return whether the last joint pattern still holds: the same patterns, by identity, and as many links."""
    kept = len(courses) == len(last.courses) and all(
        new.reduced.pattern is old.reduced.pattern for new, old in zip(courses, last.courses, strict=True)
    )
    # Which powers are linked follows from the patterns and the number of storages; the latter shows in the number of rows.
    return kept and len(pattern.rows) == sum(len(c.reduced.pattern.rows) for c in courses) + len(links.side)


def _bounds(courses: Sequence[Course], axis: int) -> Index:
    """Return where the courses' columns (axis 1) or rows (axis 0) begin in the joint program, and where the last end."""
    return np.cumsum([0, *(c.reduced.pattern.matrix.shape[axis] for c in courses)])
