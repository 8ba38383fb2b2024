"""Where solves ended, by what was asked: a problem asked again is answered at once, and what comes next starts from there.

A comparison asks for today's plan before every other, and the other is to start from it (`config.people.previews`).
"""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from optimizer.compiled.reduce import Reduced
from optimizer.frames import pack
from optimizer.highs import Highs
from optimizer.warm import Footing
from v2g.problem import Problem
from v2g.solution import Solution
from v2g.timegrid import Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Place:
    """A program, what it was to cost, and a bookmark of the basis at which that was least."""

    footing: Footing
    reduced: Reduced
    cost: Array
    bookmark: Any

    def resume(self, highs: Highs, *, time_limit_s: float) -> None:
        """Bring `highs` back here."""
        highs.load(self.reduced)
        highs.return_to(self.bookmark)
        highs.minimise(self.cost, time_limit_s=time_limit_s)


class Recall:
    """Keeps where the last `most` different problems ended, and their answers."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[bytes, tuple[Place, Solution]] = OrderedDict()

    def find(self, problem: Problem) -> tuple[Place, Solution] | None:
        """Return where `problem` ended, and its answer; None where that is not known."""
        if not self._kept:
            return None
        key = _digest(problem)
        if key in self._kept:
            self._kept.move_to_end(key)
        return self._kept.get(key)

    def keep(self, problem: Problem, place: Place, solution: Solution) -> None:
        """Note where a problem ended; forget the one that was asked for longest ago."""
        self._kept[_digest(problem)] = place, solution
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)


def _digest(problem: Problem) -> bytes:
    return hashlib.blake2b(pack(problem), digest_size=16).digest()
