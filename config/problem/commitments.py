"""The problem file's commitments: contract, carbon, dispatch, events, reserves. Schema, reading and writing."""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field

from config.problem.numbers import Known, Name, NonNegative, Number, Numbers, Share, Shares, Step, short, wide
from config.reading.ranges import Strict
from v2g.commitments import CapacityContract, Carbon, Dispatch, Event, Reserve
from v2g.network import Connection


class ContractFile(Strict):
    """Subscribed capacity: what is beyond is bought in whole blocks, or paid as overage."""

    contracted_kw: NonNegative = Field(description="What the billing period's subscription holds already [kW].")
    overage_price_per_kw: NonNegative = Field(
        default=0.0, description="Price of a kW beyond it and beyond the peak so far [currency/kW]."
    )
    block_kw: NonNegative = Field(default=0.0, description="Size of a block that can be added [kW]; 0 = none can.")
    block_price: NonNegative = Field(default=0.0, description="Price of a block [currency].")
    max_blocks: Step = Field(default=0, description="Most blocks that can be added.")


class CarbonFile(Strict):
    """Carbon of the energy imported."""

    intensity_kg_per_kwh: Numbers = Field(description="Carbon of a kWh imported [kg/kWh].")
    price_per_kg: Number = Field(description="Price of carbon [currency/kg].")


class DispatchFile(Strict):
    """Net import that the grid asks the site to follow."""

    follow_kw: Known = Field(description="Net import asked for, + import [kW]; null = nothing is asked.")
    price_per_kwh: NonNegative = Field(description="Price of a kWh away from it [currency/kWh].")


class EventFile(Strict):
    """A demand-response event: stay below or above a baseline, for money."""

    id: Name
    direction: Literal["below", "above"] = Field(default="below", description="Whether to import less than the baseline, or more.")
    cover: Shares = Field(description="Share of each step that the event covers.")
    baseline_kw: Numbers = Field(description="Net import that delivery counts from [kW].")
    committed_kw: NonNegative = Field(description="Most that counts as delivered [kW].")
    payment_per_kwh: NonNegative = Field(default=0.0, description="What a kWh delivered earns [currency/kWh].")
    penalty_per_kwh: NonNegative = Field(default=0.0, description="Fine for a kWh owed and not delivered [currency/kWh].")
    owed_frac: Share = Field(default=1.0, description="Share of committed_kw that is owed.")


class ReserveFile(Strict):
    """Capacity held ready through a block."""

    id: Name
    direction: Literal["up", "down", "both"] = Field(
        default="up", description="Whether import can be lowered by as much, raised, or both."
    )
    cover: Shares = Field(description="Share of each step that the block covers.")
    committed_kw: NonNegative = Field(default=0.0, description="What is owed [kW].")
    offer_max_kw: NonNegative = Field(default=0.0, description="What more may be held [kW].")
    payment_per_kw_h: NonNegative = Field(default=0.0, description="What a kW held for an hour earns [currency/(kW·h)].")
    penalty_per_kw_h: NonNegative = Field(default=0.0, description="Fine for a kW owed and not held, an hour [currency/(kW·h)].")
    energy_h: NonNegative = Field(default=1.0, description="For how long a call must be met [h].")


BELOW_ABOVE = {"below": 1, "above": -1}
UP_DOWN = {"up": 1, "down": -1, "both": 0}
EVENT = ("committed_kw", "payment_per_kwh", "penalty_per_kwh", "owed_frac")
RESERVE = ("committed_kw", "offer_max_kw", "payment_per_kw_h", "penalty_per_kw_h", "energy_h")


def read_contract(file: ContractFile | None) -> CapacityContract | None:
    """Return the capacity contract."""
    return None if file is None else CapacityContract(**file.model_dump())


def read_carbon(file: CarbonFile | None, n_steps: int) -> Carbon | None:
    """Return the price of carbon."""
    if file is None:
        return None
    intensity = wide(file.intensity_kg_per_kwh, n_steps, "connection.carbon.intensity_kg_per_kwh")
    return Carbon(intensity_kg_per_kwh=intensity, price_per_kg=file.price_per_kg)


def read_dispatch(file: DispatchFile | None, n_steps: int) -> Dispatch | None:
    """Return what the grid asks to follow."""
    if file is None:
        return None
    follow = wide(file.follow_kw, n_steps, "connection.dispatch.follow_kw")
    return Dispatch(follow_kw=follow, price_per_kwh=file.price_per_kwh)


def read_events(files: Sequence[EventFile], n_steps: int) -> tuple[Event, ...]:
    """Return the events."""
    return tuple(
        Event(
            event_id=file.id,
            direction=BELOW_ABOVE[file.direction],
            cover=wide(file.cover, n_steps, f"events[{i}].cover"),
            baseline_kw=wide(file.baseline_kw, n_steps, f"events[{i}].baseline_kw"),
            **{name: getattr(file, name) for name in EVENT},
        )
        for i, file in enumerate(files)
    )


def read_reserves(files: Sequence[ReserveFile], n_steps: int) -> tuple[Reserve, ...]:
    """Return the reserves."""
    return tuple(
        Reserve(
            reserve_id=file.id,
            direction=UP_DOWN[file.direction],
            cover=wide(file.cover, n_steps, f"reserves[{i}].cover"),
            **{name: getattr(file, name) for name in RESERVE},
        )
        for i, file in enumerate(files)
    )


def dump_connected(money: Connection) -> dict[str, Any]:
    """Return `contract`, `carbon` and `dispatch`, those that are there."""
    parts: dict[str, Any] = {}
    if money.contract is not None:
        parts["contract"] = {name: getattr(money.contract, name) for name in CapacityContract.__slots__}
    if money.carbon is not None:
        parts["carbon"] = {
            "intensity_kg_per_kwh": short(money.carbon.intensity_kg_per_kwh),
            "price_per_kg": money.carbon.price_per_kg,
        }
    if money.dispatch is not None:
        parts["dispatch"] = {"follow_kw": short(money.dispatch.follow_kw), "price_per_kwh": money.dispatch.price_per_kwh}
    return parts


def dump_calls(events: Sequence[Event], reserves: Sequence[Reserve]) -> dict[str, Any]:
    """Return `events` and `reserves`, those that are there."""
    below_above, up_down = ({number: word for word, number in words.items()} for words in (BELOW_ABOVE, UP_DOWN))
    parts: dict[str, Any] = {
        "events": [
            {
                "id": e.event_id,
                "direction": below_above[e.direction],
                "cover": short(e.cover),
                "baseline_kw": short(e.baseline_kw),
                **{name: getattr(e, name) for name in EVENT},
            }
            for e in events
        ],
        "reserves": [
            {
                "id": r.reserve_id,
                "direction": up_down[r.direction],
                "cover": short(r.cover),
                **{name: getattr(r, name) for name in RESERVE},
            }
            for r in reserves
        ],
    }
    return {name: listed for name, listed in parts.items() if listed}
