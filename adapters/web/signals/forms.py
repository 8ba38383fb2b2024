"""What the API is told: forms that pydantic checks, and from them the domain's values, checked against the present."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Discriminator, Field, Tag

from adapters.web.models import Form, Number, Text
from v2g.errors import SignalError
from v2g.signal_bounds import PRICES, check_contract, unit_of, value_bounds
from v2g.signals import Contract, Interval, Signal, SignalKind
from v2g.site import Site

INTERVALS_MAX = 2000
REACH = timedelta(days=366)
"""How far from now a signal may lie."""


class IntervalForm(Form):
    """One value from `start` (inclusive) to `end` (exclusive)."""

    start: AwareDatetime
    end: AwareDatetime
    value: Number


class ContractForm(Form):
    """What a call pays and fines: per kWh of an event or of deviation from dispatch, per kW and hour of a reserve.

    `baseline_kw` is the net import an event counts from, null for what was planned without it.
    """

    payment: Number = 0.0
    penalty: Number = 0.0
    owed_frac: Number = 1.0
    baseline_kw: Number | None = None
    rebound_cap_kw: Number | None = None
    rebound_h: Number = 0.0
    energy_h: Number = 1.0
    offer_max_kw: Number = 0.0


class SignalForm(Form):
    """What every signal says. A lower `priority` number wins; `reason` is for people; calls carry a `contract`."""

    kind: SignalKind
    contract: ContractForm | None = None
    priority: int = Field(default=100, strict=True, ge=0, le=1000)
    source: Text = Field(default="api", min_length=1, max_length=60)
    reason: Text = Field(default="", max_length=200)


class IntervalsForm(SignalForm):
    """A signal as intervals in order."""

    intervals: list[IntervalForm] = Field(min_length=1, max_length=INTERVALS_MAX)


class StepsForm(SignalForm):
    """A signal as equal steps from `start`."""

    start: AwareDatetime
    step_minutes: Number = Field(ge=1, le=1440)
    values: list[Number] = Field(min_length=1, max_length=INTERVALS_MAX)


FormTag = Literal["intervals", "steps"]


def form_of(data: Any) -> FormTag:
    """Return which form a signal comes in."""
    return "intervals" if isinstance(data, dict) and "intervals" in data else "steps"


AnySignalForm = Annotated[
    Annotated[IntervalsForm, Tag("intervals")] | Annotated[StepsForm, Tag("steps")],
    Discriminator(form_of),
]


def to_signal(form: IntervalsForm | StepsForm, *, signal_id: str, site: Site, now: datetime) -> Signal:
    """Return the signal, issued `now`. Raises `SignalError` naming what is out of bounds."""
    intervals = tuple(_intervals(form, now))
    _check_order(intervals)
    for i, interval in enumerate(intervals):
        _check_value(form, interval.value, i, site)
    contract = Contract(**form.contract.model_dump()) if form.contract else None
    check_contract(form.kind, contract, site)
    if intervals[-1].end <= now:
        raise SignalError("the signal is over already", place=_end_of(form), mend=f"end it after {now:%Y-%m-%dT%H:%M}Z")
    return Signal(
        signal_id=signal_id,
        kind=form.kind,
        source=form.source,
        reason=form.reason,
        issued_at=now,
        intervals=intervals,
        priority=form.priority,
        contract=contract,
    )


def _intervals(form: IntervalsForm | StepsForm, now: datetime) -> Iterable[Interval]:
    if isinstance(form, StepsForm):
        step = timedelta(minutes=form.step_minutes)
        start = near(form.start, now, "start")
        near(form.start + step * len(form.values), now, "values")
        return (Interval(start=start + i * step, end=start + (i + 1) * step, value=v) for i, v in enumerate(form.values))
    return (
        Interval(
            start=near(interval.start, now, f"intervals[{i}].start"),
            end=near(interval.end, now, f"intervals[{i}].end"),
            value=interval.value,
        )
        for i, interval in enumerate(form.intervals)
    )


def near(instant: datetime, now: datetime, place: str) -> datetime:
    """Return an instant in UTC. Raises `SignalError` if it is far from now."""
    if abs(instant - now) > REACH:
        raise SignalError("the instant is more than a year away", place=place, mend=f"it is {now:%Y-%m-%dT%H:%M}Z now")
    return instant.astimezone(UTC)


def _check_order(intervals: tuple[Interval, ...]) -> None:
    previous_end = datetime.min.replace(tzinfo=UTC)
    for i, interval in enumerate(intervals):
        if interval.end == interval.start:
            raise SignalError("the interval has no length", place=f"intervals[{i}].end", mend="end it later")
        if interval.end < interval.start:
            raise SignalError("the interval ends before it starts", place=f"intervals[{i}].end", mend="end it later")
        if interval.start < previous_end:
            raise SignalError(
                "the interval overlaps the one before",
                place=f"intervals[{i}].start",
                mend=f"start at {previous_end.isoformat()} or later",
            )
        previous_end = interval.end


def _check_value(form: IntervalsForm | StepsForm, value: float, index: int, site: Site) -> None:
    low, high = value_bounds(form.kind, site)
    if not low <= value <= high:
        what = "a price" if form.kind in PRICES else "a value" if form.kind is SignalKind.GHG else "a power"
        mend = f"give {unit_of(form.kind, site.currency)} between {low:g} and {high:g}"
        raise SignalError(f"{what} of {value:g}", place=_place(form, index), mend=mend)


def _end_of(form: IntervalsForm | StepsForm) -> str:
    """Return the field that says when the signal ends."""
    return f"values[{len(form.values) - 1}]" if isinstance(form, StepsForm) else f"intervals[{len(form.intervals) - 1}].end"


def _place(form: IntervalsForm | StepsForm, index: int) -> str:
    return f"values[{index}]" if isinstance(form, StepsForm) else f"intervals[{index}].value"
