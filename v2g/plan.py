"""The plan: a solution made fit to send, with a reason for each unit."""

from dataclasses import dataclass, field
from datetime import datetime

from v2g.solution import Rung, TermValue
from v2g.timegrid import Array, TimeGrid
from v2g.why import Explanation, Explanations, Why


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plan:
    """What is to happen on `grid`; row i of `power_kw` and `energy_kwh` is unit ``unit_ids[i]``, and `row` has each unit's i.

    `power_kw` and `energy_kwh` are (n, T) [kW signed, kWh at step ends]; `import_kw`, `export_kw`, `fixed_kw`, the prices and
    `import_limit_kw` (the whole limit, guard included) (T,). `why` has a reason a unit and `explanations` what stands behind it;
    `laxity_h` the hours each could still wait and keep its promise: `promised_kwh` stored `due_h` after the grid's start (inf where
    nothing is promised). `rung`, `reason`, `gap_frac`, `planner` and `terms` are the solution's.
    `production_kw` is the most that each curtailable PV array may produce now. `expected_kw` (T,) is what
    cars that are not here yet are expected to take, part of `import_kw`; None where none is expected. `held_kw` maps each reserve's
    id to what it holds through its block [kW].
    """

    made_at: datetime
    grid: TimeGrid
    unit_ids: tuple[str, ...]
    power_kw: Array
    energy_kwh: Array
    import_kw: Array
    export_kw: Array
    fixed_kw: Array
    import_limit_kw: Array
    import_price_per_kwh: Array
    export_price_per_kwh: Array
    why: tuple[Why, ...]
    rung: Rung
    reason: str
    gap_frac: float | None
    terms: tuple[TermValue, ...]
    solve_s: float
    laxity_h: tuple[float, ...] = ()
    promised_kwh: tuple[float, ...] = ()
    due_h: tuple[float, ...] = ()
    production_kw: dict[str, float] = field(default_factory=dict)
    explanations: Explanations | tuple[Explanation, ...] = ()
    expected_kw: Array | None = None
    held_kw: dict[str, float] = field(default_factory=dict)
    planner: str = "exact"
    row: dict[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "row", {unit_id: i for i, unit_id in enumerate(self.unit_ids)})

    def power_now_kw(self, unit_id: str) -> float:
        """Return the first step's power of `unit_id` [kW], 0 if the plan does not know it."""
        return float(self.power_kw[self.row[unit_id], 0]) if unit_id in self.row else 0.0
