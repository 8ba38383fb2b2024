"""What the shape of the model depends on, apart from the number of units."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """Everything but data: two problems of equal structure share one template, whatever their units.

    `parents` holds each circuit's parent index (−1 for the root), `phased` the circuits whose phases need rows of their own,
    `n_sticky` the number of first steps in which a plan should keep to its predecessor. `n_depths` counts segments of cycle
    depth, `n_caps` spans with a discharge cap, `n_events` and `n_reserves` the calls on the site. `used` names the components
    that only some problems need: the others have no columns and rows.
    """

    n_steps: int
    parents: tuple[int, ...]
    phased: tuple[int, ...]
    n_sticky: int
    n_depths: int = 0
    n_caps: int = 0
    n_events: int = 0
    n_reserves: int = 0
    used: frozenset[str] = frozenset()

    def children(self, circuit: int) -> tuple[int, ...]:
        """Return the indices of the circuits fed directly by `circuit`."""
        return tuple(i for i, parent in enumerate(self.parents) if parent == circuit)
