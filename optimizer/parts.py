"""A large problem in parts of its units: what adds up over units is reckoned part by part, and all that lies between is small."""

from collections.abc import Iterator

from v2g.problem import Problem

PART_ROWS = 2048
"""Units of a part. Measured at 100,000 units and 96 steps: arrays of 1.5 MB stay in the cache; 16,384 rows take twice as long."""


def parts(problem: Problem) -> Iterator[tuple[slice, Problem]]:
    """Yield where each part's units stand and the problem of them alone; a small problem is its own only part."""
    n_units = problem.shape[0]
    if n_units <= PART_ROWS:
        yield slice(0, n_units), problem
        return
    for begin in range(0, n_units, PART_ROWS):
        rows = slice(begin, min(begin + PART_ROWS, n_units))
        yield rows, problem.part(rows)
