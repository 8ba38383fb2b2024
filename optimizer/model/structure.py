"""What the shape of the model depends on, apart from the number of units."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """Everything but data: two problems of equal structure share one template, whatever their units.

    `parents` holds each circuit's parent index (−1 for the root), `phased` the circuits whose phases need rows of their own,
    `n_sticky` the number of first steps in which a plan should keep to its predecessor.
    """

    n_steps: int
    parents: tuple[int, ...]
    phased: tuple[int, ...]
    n_sticky: int

    def children(self, circuit: int) -> tuple[int, ...]:
        """Return the indices of the circuits fed directly by `circuit`."""
        return tuple(i for i, parent in enumerate(self.parents) if parent == circuit)
