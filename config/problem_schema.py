"""The problem file: its schema, `Problem` as people write it. `problem_file.py` reads and writes it."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainValidator, TypeAdapter, WithJsonSchema

from config.ranges import Strict
from v2g.network import N_PHASES
from v2g.timegrid import YEARS

LARGEST = 1e9
"""Numbers beyond this are typing errors, and would drown all others in the solver."""

Number = Annotated[float, Field(ge=-LARGEST, le=LARGEST, strict=True)]
NonNegative = Annotated[float, Field(ge=0, le=LARGEST, strict=True)]
Positive = Annotated[float, Field(gt=0, le=LARGEST, strict=True)]
Share = Annotated[float, Field(ge=0, le=1, strict=True)]
Efficiency = Annotated[float, Field(gt=0, le=1, strict=True)]
Name = Annotated[str, Field(min_length=1, max_length=64)]
Hours = Annotated[float, Field(ge=1e-4, le=1e4, strict=True)]


def _listed(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


def _instant(value: Any) -> datetime:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no instant; {EXAMPLE}")  # noqa: TRY004 (pydantic wants a ValueError)
    instant = datetime.fromisoformat(value)
    if instant.tzinfo is None:
        raise ValueError(f"the time zone is missing; {EXAMPLE}")
    if instant.year not in YEARS:
        raise ValueError(f"the year is not from {YEARS[0]} to {YEARS[-1]}; {EXAMPLE}")
    return instant


def _whole(value: Any) -> Any:
    """Return 4.0 as 4: in JSON they are the same number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _when(value: Any) -> int | datetime:
    step = _whole(value)
    if not isinstance(step, int) or isinstance(step, bool):
        return _instant(value)
    if not 0 <= step <= LARGEST:
        raise ValueError(f"a number of steps is from 0 to {LARGEST:g}")
    return step


def _per_step(item: Any, **length: int) -> WithJsonSchema:
    """Return the JSON Schema of one `item` for all steps, or a list with one for each."""
    one = TypeAdapter(item).json_schema()
    return WithJsonSchema({"anyOf": [one, {"type": "array", "items": one, "minItems": 1, **length}]})


EXAMPLE = 'give e.g. "2026-01-05T16:00:00Z"'
DATE = r"(19[7-9]|2[01]\d)\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
CLOCK = r"([01]\d|2[0-3]):[0-5]\d"
INSTANT = {"type": "string", "format": "date-time", "pattern": rf"^{DATE}T{CLOCK}(:[0-5]\d(\.\d{{1,6}})?)?(Z|[+-]{CLOCK})$"}
Step = Annotated[int, Field(ge=0, le=LARGEST, strict=True), BeforeValidator(_whole)]

# One number for all steps, or a list with one for each.
Numbers = Annotated[tuple[Number, ...], BeforeValidator(_listed), _per_step(Number)]
NonNegatives = Annotated[tuple[NonNegative, ...], BeforeValidator(_listed), _per_step(NonNegative)]
Shares = Annotated[tuple[Share, ...], BeforeValidator(_listed), _per_step(Share)]
Limits = Annotated[tuple[NonNegative | None, ...], BeforeValidator(_listed), _per_step(NonNegative | None)]
PhaseLimits = Annotated[Limits, _per_step(NonNegative | None, minItems=N_PHASES, maxItems=N_PHASES)]
Known = Annotated[tuple[Number | None, ...], BeforeValidator(_listed), _per_step(Number | None)]
Instant = Annotated[datetime, PlainValidator(_instant), WithJsonSchema(INSTANT)]
When = Annotated[int | datetime, PlainValidator(_when), WithJsonSchema({"anyOf": [TypeAdapter(Step).json_schema(), INSTANT]})]


class GridFile(Strict):
    """The steps: `n_steps` of `step_h`, or a list of lengths."""

    start: Instant = Field(description="When step 0 begins, with time zone.")
    step_h: Annotated[tuple[Hours, ...], BeforeValidator(_listed), _per_step(Hours)] = Field(
        description="Length of each step [h]: one number (with n_steps) or a list."
    )
    n_steps: Annotated[int, Field(ge=1, le=10_000, strict=True), BeforeValidator(_whole)] | None = Field(
        default=None, description="Number of steps; not with a list of lengths."
    )


class ConnectionFile(Strict):
    """Money at the grid connection."""

    import_price_per_kwh: Numbers = Field(description="Price of a kWh imported [currency/kWh].")
    export_price_per_kwh: Numbers = Field(default=(0.0,), description="What a kWh exported earns [currency/kWh].")
    demand_charge_per_kw: NonNegative = Field(default=0.0, description="Price of a kW by which the peak rises [currency/kW].")
    peak_so_far_kw: NonNegative = Field(default=0.0, description="Highest mean import of a step in this billing period [kW].")


class CircuitFile(Strict):
    """A node of the feeder tree; the first one is the grid connection, and a parent stands before its children."""

    id: Name
    parent: Name | None = Field(default=None, description="The circuit that feeds it; none for the first.")
    import_limit_kw: Limits = Field(default=(None,), description="Most import, three-phase sum [kW]; null = no limit.")
    export_limit_kw: Limits = Field(default=(None,), description="Most export, three-phase sum [kW]; null = no limit.")
    phase_limit_kw: PhaseLimits = Field(
        default=(None,), description="Most power on each phase, either direction [kW]: one number or three; null = no limit."
    )
    fixed_kw: Numbers = Field(default=(0.0,), description="Uncontrolled net power here, load − PV [kW].")
    fixed_margin_kw: NonNegatives = Field(
        default=(0.0,), description="How much more that could be; kept free at import limits [kW]."
    )


class StorageFile(Strict):
    """A car or a battery. Powers at the AC side, energies in the storage."""

    id: Name
    kind: Literal["ev", "battery"] = "ev"
    circuit: Name | None = Field(default=None, description="Where it hangs; the first circuit if not given.")
    arrive: When = Field(default=0, description="From when it is there: number of a step, or an instant.")
    depart: When | None = Field(default=None, description="Until when: number of steps, or an instant; to the end if not given.")
    charge_max_kw: NonNegatives = Field(description="Most charging power while it is there [kW].")
    discharge_max_kw: NonNegatives = Field(default=(0.0,), description="Most discharging power while it is there [kW].")
    charge_min_kw: NonNegative = Field(default=0.0, description="Least charging power above 0 [kW].")
    discharge_min_kw: NonNegative = Field(default=0.0, description="Least discharging power above 0 [kW].")
    initial_energy_kwh: Number = Field(description="Energy at the start [kWh].")
    energy_max_kwh: Numbers = Field(description="Most energy: the capacity, or what the battery should not exceed [kWh].")
    energy_min_kwh: Numbers = Field(default=(0.0,), description="Least energy: the floor that discharge leaves [kWh].")
    target_energy_kwh: NonNegative = Field(default=0.0, description="Energy promised when it departs [kWh]; 0 = no promise.")
    target_step: Step | None = Field(
        default=None, description="Steps until the promise is due, 0 = none; the departure if not given."
    )
    priority: Positive = Field(default=1.0, description="Weight of its unmet energy among the others'.")
    charge_efficiency: Efficiency = Field(default=0.95, description="Energy stored per kWh charged.")
    discharge_efficiency: Efficiency = Field(default=0.95, description="Energy given per kWh taken out.")
    drain_kwh: Numbers = Field(default=(0.0,), description="Energy lost in each step by itself [kWh].")
    wear_cost_per_kwh: NonNegative = Field(default=0.0, description="Cost of a kWh discharged [currency/kWh].")
    departure_probability: Shares = Field(
        default=(0.0,), description="Probability of leaving at the end of each step; sums to at most 1."
    )
    shortfall_price_per_kwh: NonNegative = Field(
        default=0.0, description="Price of a kWh missing at such a departure [currency/kWh]."
    )
    terminal_value_per_kwh: Number = Field(default=0.0, description="Worth of a kWh stored at the end [currency/kWh].")
    phases: tuple[Annotated[Literal[1, 2, 3], BeforeValidator(_whole)], ...] = Field(
        default=(1, 2, 3), min_length=1, max_length=N_PHASES, description="Phases it uses, evenly."
    )
    phase_share: tuple[Share, Share, Share] | None = Field(
        default=None, description="Share of its power on each phase, instead of phases."
    )
    previous_power_kw: Known = Field(default=(None,), description="The previous plan, + charges [kW]; null = none.")


class ProblemFile(Strict):
    """An optimisation problem: storages on circuits, trading at the connection's prices, over the steps of a grid.

    + is into the vehicle or into the site, − is out. A quantity over time is one number for all steps, or a list.
    """

    grid: GridFile
    connection: ConnectionFile
    circuits: tuple[CircuitFile, ...] = Field(default=(CircuitFile(id="grid"),), min_length=1, description="The feeder tree.")
    storages: tuple[StorageFile, ...] = Field(default=(), description="Cars and batteries.")
