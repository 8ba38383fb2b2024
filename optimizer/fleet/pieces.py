"""Convex piecewise-linear functions in arrays: what energy stored in a car is worth.

A function is two arrays and three numbers: its slopes are ``slope[i]`` on ``at[i]..at[i+1]`` for ``head ≤ i < tail``, rising, its
value at ``at[head]`` is `value`, and it is infinite outside ``at[head]..at[tail]``.
"""

from optimizer.fleet.jit import part
from v2g.timegrid import Array

SAME = 1e-7
"""Points nearer to each other are one."""
Piecewise = tuple[int, int, float]
"""head, tail, value."""


@part
def steeper(slope: Array, head: int, tail: int, limit: float) -> int:
    """Return the first piece whose slope is above `limit`, `tail` if there is none."""
    while head < tail:
        middle = (head + tail) >> 1
        if slope[middle] > limit:
            tail = middle
        else:
            head = middle + 1
    return head


@part
def trim(at: Array, slope: Array, head: int, tail: int, value: float, low: float, high: float) -> Piecewise:
    """Confine a function to ``low..high``; what would be left without a point keeps its nearest."""
    while head < tail and at[head + 1] <= low:
        value += slope[head] * (at[head + 1] - at[head])
        head += 1
    if head < tail and at[head] < low:
        value += slope[head] * (low - at[head])
        at[head] = low
    while head < tail and at[tail - 1] >= high:
        tail -= 1
    if head < tail and at[tail] > high:
        at[tail] = high
    return head, tail, value


@part
def bend(at: Array, slope: Array, head: int, tail: int, value: float, by: Array) -> tuple[int, float]:
    """Add ``max(below·(where − x), above·(x − where))`` to a function, `by` = (where, below, above); return tail and value."""
    where, below, above = by[0], by[1], by[2]
    value += below * (where - at[head]) if where > at[head] else above * (at[head] - where)
    cut = head
    while cut < tail and at[cut + 1] <= where:
        slope[cut] -= below
        cut += 1
    if cut < tail and at[cut] < where:
        for i in range(tail, cut, -1):
            at[i + 1] = at[i]
            slope[i] = slope[i - 1]
        at[cut + 1] = where
        slope[cut] -= below
        cut += 1
        tail += 1
    for i in range(cut, tail):
        slope[i] += above
    return tail, value


@part
def value_at(at: Array, slope: Array, tail: int, value: float, where: float) -> float:
    """Return the value at a point of its domain of a function that begins at 0."""
    for i in range(tail):
        if where <= at[i + 1]:
            return float(value + slope[i] * (where - at[i]))
        value += slope[i] * (at[i + 1] - at[i])
    return value


@part
def worth_at(at: Array, slope: Array, head: int, tail: int, where: float) -> tuple[float, float]:
    """Return the least and the most that one more is worth at a point: by the pieces above it and below it, at an end by one."""
    above = head
    while above < tail - 1 and at[above + 1] <= where + SAME:
        above += 1
    below = above
    while below > head and at[below] >= where - SAME:
        below -= 1
    return (-slope[above], -slope[below]) if tail > head else (0.0, 0.0)


@part
def spread(
    at: Array, slope: Array, head: int, tail: int, new_at: Array, new_slope: Array, corner: Array, pieces: int, drain: float
) -> int:
    """Write ``new(e) = min over gains x of cost(x) + old(e − drain + x)``, beginning at 0; return its tail.

    The cost is convex, see `optimizer.fleet.gains`. The old function's pieces and the cost's, turned round, in the order
    of their slopes: the infimal convolution. Its value at the left is the old one's plus the cost of the largest gain.
    """
    gain, price, n, i = corner[1], corner[2], 0, head
    shift = drain - gain[pieces]
    for k in range(pieces - 1, -1, -1):
        j = steeper(slope, i, tail, -price[k])
        for q in range(i, j):
            new_at[n + q - i] = at[q] + shift
            new_slope[n + q - i] = slope[q]
        n += j - i
        if n == 0 or new_slope[n - 1] < -price[k]:
            new_at[n] = at[j] + shift
            new_slope[n] = -price[k]
            n += 1
        i, shift = j, drain - gain[k]
    for q in range(i, tail + 1):
        new_at[n + q - i] = at[q] + shift
        new_slope[n + q - i] = slope[q]
    return n + tail - i
