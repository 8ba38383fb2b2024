"""The problem file: its schema, `Problem` as people write it. `problem_file.py` reads and writes it."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from config.problem.commitments import CarbonFile, ContractFile, DispatchFile, EventFile, ReserveFile
from config.problem.hardware import AgeingFile, CapFile, ConverterFile
from config.problem.numbers import (
    Efficiency,
    Hours,
    Instant,
    Known,
    Limits,
    Name,
    NonNegative,
    NonNegatives,
    Number,
    Numbers,
    PhaseLimits,
    Positive,
    Share,
    Shares,
    Step,
    When,
    listed,
    per_step,
    whole,
)
from config.reading.ranges import Strict
from v2g.network import N_PHASES


class GridFile(Strict):
    """The steps: `n_steps` of `step_h`, or a list of lengths."""

    start: Instant = Field(description="When step 0 begins, with time zone.")
    step_h: Annotated[tuple[Hours, ...], BeforeValidator(listed), per_step(Hours)] = Field(
        description="Length of each step [h]: one number (with n_steps) or a list."
    )
    n_steps: Annotated[int, Field(ge=1, le=10_000, strict=True), BeforeValidator(whole)] | None = Field(
        default=None, description="Number of steps; not with a list of lengths."
    )


class ConnectionFile(Strict):
    """Money at the grid connection."""

    import_price_per_kwh: Numbers = Field(description="Price of a kWh imported [currency/kWh].")
    export_price_per_kwh: Numbers = Field(default=(0.0,), description="What a kWh exported earns [currency/kWh].")
    demand_charge_per_kw: NonNegative = Field(default=0.0, description="Price of a kW by which the peak rises [currency/kW].")
    peak_so_far_kw: NonNegative = Field(default=0.0, description="Highest mean import of a step in this billing period [kW].")
    contract: ContractFile | None = Field(default=None, description="Subscribed capacity; null = none.")
    carbon: CarbonFile | None = Field(default=None, description="Carbon and its price; null = none.")
    dispatch: DispatchFile | None = Field(default=None, description="Net import to follow; null = none.")


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
    module_kw: NonNegative | None = Field(
        default=None,
        description="Size of a shared cabinet's power modules, of which each storage here gets whole ones [kW]; 0 = none.",
    )


class StorageFile(Strict):
    """A car, a battery or what behaves like one. Powers at the AC side, energies in the storage."""

    id: Name
    kind: Literal["ev", "expected_ev", "battery", "pv", "swap", "electrolyser", "flexible_load"] = "ev"
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
    spare_kwh: NonNegative = Field(default=0.0, description="Energy kept ready beyond the target, promised to nobody [kWh].")
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
    phases: tuple[Annotated[Literal[1, 2, 3], BeforeValidator(whole)], ...] = Field(
        default=(1, 2, 3), min_length=1, max_length=N_PHASES, description="Phases it uses, evenly."
    )
    phase_share: tuple[Share, Share, Share] | None = Field(
        default=None, description="Share of its power on each phase, instead of phases."
    )
    previous_power_kw: Known = Field(default=(None,), description="The previous plan, + charges [kW]; null = none.")
    converter: ConverterFile | None = Field(default=None, description="Its power electronics; null = ideal.")
    ageing: AgeingFile | None = Field(default=None, description="What use and time cost it; null = nothing.")


class ScenarioFile(Strict):
    """What else could come true; whatever is not said is as in the problem itself."""

    probability: Annotated[float, Field(gt=0, lt=1, strict=True)] = Field(
        description="How likely it is; all together less than 1, the rest is the problem's own."
    )
    connection: ConnectionFile | None = Field(default=None, description="Money in this case.")
    circuits: tuple[CircuitFile, ...] | None = Field(default=None, min_length=1, description="The feeder tree in this case.")
    storages: tuple[StorageFile, ...] | None = Field(
        default=None, description="Cars and batteries in this case: the problem's in its order, then perhaps others."
    )
    caps: tuple[CapFile, ...] | None = Field(default=None, description="How much storages may give back in this case.")


class ProblemFile(Strict):
    """An optimisation problem: storages on circuits, trading at the connection's prices, over the steps of a grid.

    + is into the vehicle or into the site, − is out. A quantity over time is one number for all steps, or a list.
    """

    grid: GridFile
    connection: ConnectionFile
    circuits: tuple[CircuitFile, ...] = Field(default=(CircuitFile(id="grid"),), min_length=1, description="The feeder tree.")
    storages: tuple[StorageFile, ...] = Field(default=(), description="Cars and batteries.")
    caps: tuple[CapFile, ...] = Field(default=(), description="How much storages may still give back.")
    events: tuple[EventFile, ...] = Field(default=(), description="Demand-response events.")
    reserves: tuple[ReserveFile, ...] = Field(default=(), description="Capacity held ready.")
    scenarios: tuple[ScenarioFile, ...] = Field(default=(), description="What else could come true.")
